//! The keywords of the load balancer's half: which stand where. `=` behind a word: the daemon stops without its value.

use super::super::keywords::Scope;

/// The words of each kind of block.
pub(in super::super) const TABLE: &[(Scope, &str)] = &[
    (Scope::Root, "virtual_server virtual_server_group bfd_instance SSL"),
    (
        Scope::Bfd,
        "checker hoplimit= idle_tx= max_hops= min_rx= min_tx= multiplier= neighbor_ip neighbour_ip passive
        source_ip= ttl= vrrp weight=",
    ),
    (
        Scope::VirtualServer,
        "alpha connect_timeout= delay_before_retry= delay_loop= flag-1 flag-2 flag-3 ha_suspend hashed hysteresis=
        inhibit_on_failure ip_family= lb_algo= lb_kind= lvs_method= lvs_sched= mh-fallback mh-port omega ops
        persistence_engine= persistence_granularity= persistence_timeout protocol= quorum= quorum_down= quorum_up=
        real_server retry= sh-fallback sh-port smtp_alert snmp_name sorry_server= sorry_server_inhibit
        sorry_server_lvs_method virtualhost warmup= weight=",
    ),
    (
        Scope::RealServer,
        "TCP_CHECK HTTP_GET SSL_GET SMTP_CHECK DNS_CHECK MISC_CHECK UDP_CHECK PING_CHECK FILE_CHECK BFD_CHECK alpha
        connect_timeout= delay_before_retry= delay_loop= inhibit_on_failure lthreshold= lvs_method= notify_down=
        notify_up= retry= smtp_alert snmp_name uthreshold= virtualhost warmup= weight=",
    ),
    (Scope::TcpCheck, CONNECTION),
    (Scope::HttpGet, CONNECTION),
    (Scope::HttpGet, "enable_sni fast_recovery http_protocol nb_get_retry= url virtualhost"),
    (Scope::SmtpCheck, CONNECTION),
    (Scope::SmtpCheck, "helo_name host"),
    (Scope::DnsCheck, CONNECTION),
    (Scope::DnsCheck, "name= type="),
    (
        Scope::MiscCheck,
        "alpha delay_before_retry= delay_loop= log_all_failures misc_dynamic misc_path misc_timeout= retry= user
        warmup=",
    ),
    (Scope::UdpCheck, CONNECTION),
    (Scope::UdpCheck, "max_reply_length= min_reply_length= payload require_reply"),
    (Scope::FileCheck, "track_file= weight"),
    (Scope::BfdCheck, "alpha name"),
    (
        Scope::Url,
        "digest= path= regex regex_max_offset regex_min_offset regex_no_match regex_options regex_stack status_code
        virtualhost",
    ),
    (Scope::Host, CONNECTION),
    (Scope::Ssl, "ca certificate key password"),
];

/// What all checkers that connect have.
const CONNECTION: &str = "alpha bind_if= bind_port= bindto= connect_ip= connect_port= connect_timeout=
    delay_before_retry= delay_loop= fwmark= log_all_failures retry= warmup=";
