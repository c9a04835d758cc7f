//! SIGHUP: the file is read again, and what it asks of the machine is opened anew.
//!
//! A text that keepalived refuses is the end of keepalived, and of this daemon: addresses stay (recorded:
//! `reload-bad`). With `reload_check_config` it goes on with what it has.

use std::io;
use std::sync::Arc;

use vrrplab_engine::boundary::Input;
use vrrplab_engine::config::{Config, Reading};

use super::children::As;
use super::results::Results;
use super::turn::{Daemon, facts};
use super::watch::{Files, Processes};
use super::{prepare, systemd};
use crate::{diagnostic, files};

impl Daemon {
    /// Reads the configuration and runs it.
    pub(super) fn reload(&mut self) {
        self.log.line("Reloading ...");
        systemd::tell("RELOADING=1");
        match self.read_again() {
            Ok(config) => match self.take(config) {
                Ok(()) => self.log.line("Reload complete"),
                Err(error) => self.log.line(&format!("Reload: {error}")),
            },
            Err(why) if self.config.global.other.contains_key("reload_check_config") => {
                self.log.line(&format!("{why} - continuing with the present configuration"));
            }
            Err(why) => {
                self.log.line(&format!("{why}. Terminating"));
                self.refused = true;
                let facts = facts(&self.config, &self.host, self.processes.counted());
                self.hand(Input::Reload { config: None, host: &facts });
            }
        }
        systemd::tell("READY=1");
    }

    /// The new configuration, or why there is none.
    fn read_again(&mut self) -> Result<Config, String> {
        let reading: Reading = files::read_config_with(&self.source.file, &self.source.reading)?;
        let findings = diagnostic::render(&reading.findings, &reading.sources, false);
        findings.lines().for_each(|line| self.log.line(line));
        if reading.refused() {
            return Err("The new configuration is refused".into());
        }
        let mut config = reading.config;
        for line in prepare::missing(&config).into_iter().chain(prepare::config(&mut config)) {
            self.log.line(&line);
        }
        Ok(config)
    }

    fn take(&mut self, config: Config) -> io::Result<()> {
        let (files, missing) = Files::open(&config)?;
        missing.iter().for_each(|folder| self.log.line(&format!("Unable to monitor {folder} - not found")));
        (self.files, self.processes) = (files, Processes::open(&config)?);
        self.results = Results::default();
        self.host.children.run_as(As::default_of(&config)?);
        let facts = facts(&config, &self.host, self.processes.counted());
        self.hand(Input::Reload { config: Some(Arc::new(config)), host: &facts });
        Ok(())
    }
}
