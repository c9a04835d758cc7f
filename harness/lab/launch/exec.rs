//! A program of the user's: any command that speaks VRRP on the links of its node. What it is told stands in its environment;
//! see `vrrplab run --help`.

use std::collections::BTreeMap;
use std::path::Path;

use vrrplab_engine::config::Reading;
use vrrplab_sim::scenario::Host;

use super::super::host::FOLDER;
use super::{Launch, keepalived};
use crate::template::Template;

/// How it is started on a host with this configuration.
pub(super) fn launch(
    command: &str,
    template: Option<&Template>,
    host: &Host,
    reading: &Reading,
) -> Result<Launch, String> {
    let (claims, text) = keepalived::whole(reading);
    let text = match template {
        Some(template) => template.render(&host.name, &reading.config)?,
        None => text,
    };
    let path = Path::new(FOLDER).join("config");
    let links = host.links.iter().enumerate();
    let mut environment: BTreeMap<String, String> =
        links.map(|(l, link)| (format!("VRRPLAB_LINK_{l}"), link.name.to_string())).collect();
    environment.insert("VRRPLAB_NODE".to_string(), host.name.to_string());
    environment.insert("VRRPLAB_CONFIG".to_string(), path.display().to_string());
    environment.insert("VRRPLAB_STATES".to_string(), claims.path.display().to_string());
    Ok(Launch {
        files: BTreeMap::from([(path, text)]),
        argv: ["/bin/sh", "-c", command].map(String::from).to_vec(),
        environment,
        claims: Some(claims),
        may_be_silent: true,
        is_all: true,
        ..Launch::default()
    })
}
