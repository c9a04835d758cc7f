//! Captures as files: ours are pcapng, recordings come as legacy pcap.
//!
//! A pcapng of ours has one interface a port, named `host.link`, with nanosecond time stamps whose epoch is
//! the beginning of the world: second 0 (1970-01-01 00:00:00 UTC to Wireshark) is time 0 of the trace, and
//! `if_tsoffset` is 0. Frame n of the capture is packet n of the file. What a fault did to a frame is a comment
//! on it; a frame on the far side of a partition has the first comment `island N`.
//!
//! The crate pcap-file does the encoding, pinned: 2.0.0, the newest stable one, writes time stamps a thousand
//! times too large unless an interface declares nanoseconds.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use pcap_file::DataLink;
use pcap_file::pcap::{PcapReadError, PcapReader};
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{Block, PcapNgReadError, PcapNgReader, PcapNgWriteError, PcapNgWriter};
use vrrplab_engine::time::Instant;
use vrrplab_sim::capture::{Capture, Captured, Port};

/// No limit that Wireshark would complain about.
const SNAP_LENGTH: u32 = 0x4_0000;

/// Why a capture file was not written or read.
#[derive(Debug)]
pub enum CaptureError {
    /// Writing failed.
    Write(PcapNgWriteError),
    /// The file is no pcapng.
    Read(PcapNgReadError),
    /// The file is no pcap.
    ReadLegacy(PcapReadError),
    /// It is a pcapng, but not one of ours.
    Foreign(&'static str),
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CaptureError::Write(error) => write!(f, "the capture cannot be written: {error}"),
            CaptureError::Read(error) => write!(f, "not a pcapng file: {error}"),
            CaptureError::ReadLegacy(error) => write!(f, "not a pcap file: {error}"),
            CaptureError::Foreign(what) => write!(f, "not a capture of vrrplab: {what}"),
        }
    }
}

impl std::error::Error for CaptureError {}

/// Writes a capture as pcapng.
pub fn write(capture: &Capture, out: impl Write) -> Result<(), CaptureError> {
    let mut writer = PcapNgWriter::with_section_header(out, section()).map_err(CaptureError::Write)?;
    for port in &capture.ports {
        writer.write_pcapng_block(interface(port)).map_err(CaptureError::Write)?;
    }
    for frame in &capture.frames {
        writer.write_pcapng_block(packet(frame)).map_err(CaptureError::Write)?;
    }
    writer.into_inner().flush().map_err(|error| CaptureError::Write(error.into()))
}

fn section() -> SectionHeaderBlock<'static> {
    let comment = "Time is virtual: 0 is the beginning of the world.";
    SectionHeaderBlock {
        // Not the machine's own: the same run gives the same file everywhere.
        endianness: pcap_file::Endianness::Little,
        options: vec![
            SectionHeaderOption::Common(CommonOption::Comment(comment.into())),
            SectionHeaderOption::UserApplication("vrrplab".into()),
        ],
        ..SectionHeaderBlock::default()
    }
}

fn interface(port: &Port) -> InterfaceDescriptionBlock<'static> {
    let Port { host, link } = port;
    InterfaceDescriptionBlock {
        linktype: DataLink::ETHERNET,
        snaplen: SNAP_LENGTH,
        options: vec![
            InterfaceDescriptionOption::IfName(format!("{host}.{link}").into()),
            // Both names may contain dots; this one can be taken apart again.
            InterfaceDescriptionOption::IfDescription(format!("link {link} of host {host}").into()),
            InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO),
            InterfaceDescriptionOption::IfTsOffset(0),
        ],
    }
}

fn packet(frame: &Captured) -> EnhancedPacketBlock<'_> {
    let island = (frame.island != 0).then(|| Cow::Owned(format!("island {}", frame.island)));
    let comments = frame.comments.iter().map(|comment| Cow::Borrowed(comment.as_str()));
    let comment = |text| EnhancedPacketOption::Common(CommonOption::Comment(text));
    EnhancedPacketBlock {
        interface_id: frame.port as u32,
        timestamp: std::time::Duration::from_micros(frame.at.as_micros()),
        original_len: frame.bytes.len() as u32,
        data: Cow::Borrowed(&frame.bytes),
        options: island.into_iter().chain(comments).map(comment).collect(),
    }
}

/// Reads a pcapng that [`write()`] wrote.
pub fn read(bytes: &[u8]) -> Result<Capture, CaptureError> {
    let mut reader = PcapNgReader::new(bytes).map_err(CaptureError::Read)?;
    let mut capture = Capture::default();
    while let Some(block) = reader.next_block() {
        match block.map_err(CaptureError::Read)?.0 {
            Block::InterfaceDescription(block) => capture.ports.push(port(&block)?),
            Block::EnhancedPacket(block) => capture.frames.push(captured(&block)?),
            _ => {}
        }
    }
    Ok(capture)
}

fn port(block: &InterfaceDescriptionBlock<'_>) -> Result<Port, CaptureError> {
    let description = block.options.iter().find_map(|option| match option {
        InterfaceDescriptionOption::IfDescription(text) => {
            text.strip_prefix("link ")?.split_once(" of host ")
        }
        _ => None,
    });
    let (link, host) = description.ok_or(CaptureError::Foreign("an interface without host and link"))?;
    Ok(Port { host: host.into(), link: link.into() })
}

fn captured(block: &EnhancedPacketBlock<'_>) -> Result<Captured, CaptureError> {
    let mut comments: Vec<String> = (block.options.iter())
        .filter_map(|option| match option {
            EnhancedPacketOption::Common(CommonOption::Comment(text)) => Some(text.to_string()),
            _ => None,
        })
        .collect();
    let island = comments.first().and_then(|text| text.strip_prefix("island ")?.parse().ok());
    if island.is_some() {
        comments.remove(0);
    }
    let nanos = block.timestamp.as_nanos();
    if !nanos.is_multiple_of(1_000) {
        return Err(CaptureError::Foreign("a time finer than a microsecond"));
    }
    Ok(Captured {
        at: Instant::from_micros((nanos / 1_000) as u64),
        port: block.interface_id as usize,
        island: island.unwrap_or(0),
        bytes: block.data.to_vec(),
        comments,
    })
}

/// A frame of a capture that somebody else took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Foreign {
    /// Nanoseconds since whatever epoch its clock had.
    pub nanos: u64,
    /// The bytes that were captured.
    pub bytes: Vec<u8>,
}

/// Reads a legacy pcap with time stamps in microseconds or nanoseconds.
pub fn read_legacy(bytes: &[u8]) -> Result<Vec<Foreign>, CaptureError> {
    let mut reader = PcapReader::new(bytes).map_err(CaptureError::ReadLegacy)?;
    let mut frames = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet.map_err(CaptureError::ReadLegacy)?;
        let nanos = packet.timestamp().as_nanos() as u64;
        frames.push(Foreign { nanos, bytes: packet.data().to_vec() });
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pcap_file::pcap::{PcapHeader, PcapPacket, PcapTsResolution, PcapWriter};
    use proptest::prelude::*;
    use std::time::Duration;

    fn any_capture() -> impl Strategy<Value = Capture> {
        let name = || "[a-z][a-z0-9.]{0,8}";
        let port = (name(), name()).prop_map(|(host, link)| Port { host: host.into(), link: link.into() });
        let comments = proptest::collection::vec("[ -~äß]{0,40}", 0..3);
        let bytes = proptest::collection::vec(any::<u8>(), 0..1514);
        let frame = (0..1u64 << 50, any::<prop::sample::Index>(), 0..3u8, bytes, comments);
        (proptest::collection::vec(port, 1..5), proptest::collection::vec(frame, 0..10)).prop_map(
            |(ports, frames)| {
                let frames = frames.into_iter().map(|(at, port, island, bytes, comments)| Captured {
                    at: Instant::from_micros(at),
                    port: port.index(ports.len()),
                    island,
                    bytes,
                    comments,
                });
                Capture { frames: frames.collect(), ports }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(capture in any_capture()) {
            let mut file = Vec::new();
            write(&capture, &mut file).unwrap();
            prop_assert_eq!(read(&file).unwrap(), capture);
        }

        #[test]
        fn broken_files_are_errors(capture in any_capture(), at: prop::sample::Index, value: u8) {
            let mut file = Vec::new();
            write(&capture, &mut file).unwrap();
            let at = at.index(file.len());
            file[at] = value;
            let _ = read(&file);
            let _ = read(&file[..at]);
            let _ = read_legacy(&file);
        }
    }

    #[test]
    fn the_epoch_is_zero_and_nanoseconds_are_declared() {
        let bytes = vec![0; 60];
        let at = Instant::from_micros(3_609_521);
        let frame = Captured { at, port: 0, island: 0, bytes, comments: vec![] };
        let port = Port { host: "ka1".into(), link: "eth0".into() };
        let mut file = Vec::new();
        write(&Capture { ports: vec![port], frames: vec![frame] }, &mut file).unwrap();
        let stamp = 3_609_521_000u64.to_le_bytes();
        let halves = [&stamp[4..], &stamp[..4]].concat();
        assert!(file.windows(8).any(|window| window == halves), "the stamp is in nanoseconds from 0");
        assert!(file.windows(5).any(|window| window == [9, 0, 1, 0, 9]), "if_tsresol is 9");
    }

    #[test]
    fn legacy_files_are_read_in_both_resolutions() {
        for (ts_resolution, nanos) in
            [(PcapTsResolution::MicroSecond, 1_000_002_000), (PcapTsResolution::NanoSecond, 1_000_002_003)]
        {
            let header = PcapHeader { ts_resolution, ..PcapHeader::default() };
            let mut writer = PcapWriter::with_header(Vec::new(), header).unwrap();
            let packet = PcapPacket::new(Duration::from_nanos(nanos), 3, &[1, 2, 3][..]).unwrap();
            writer.write_packet(&packet).unwrap();
            let frames = read_legacy(&writer.into_inner()).unwrap();
            assert_eq!(frames, [Foreign { nanos, bytes: vec![1, 2, 3] }]);
        }
    }
}
