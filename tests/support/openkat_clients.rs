//! How the workers' clients are told of the services of [`OpenKat`].

use std::sync::Arc;
use std::time::Duration;

use boefjes::{BaseUrl, ClientSettings, Services, Stopping};

use crate::openkat::{Asked, OpenKat, PASSWORD, USERNAME};
use crate::wait::PATIENCE;

impl OpenKat {
    /// Clients as they are but for shorter waits between two tries, and longer ones for an answer.
    pub fn client_settings(&self) -> ClientSettings {
        let url = |asked| BaseUrl::parse(&self.url(asked)).expect("a URL");
        ClientSettings {
            scheduler: url(Asked::Scheduler),
            bytes: url(Asked::Bytes),
            octopoes: url(Asked::Octopoes),
            katalogus: url(Asked::Katalogus),
            bytes_username: USERNAME.to_owned(),
            bytes_password: PASSWORD.to_owned().into(),
            timeout: PATIENCE,
            back_off: vec![Duration::ZERO, Duration::from_millis(20), Duration::from_millis(40)],
            authorities: None,
        }
    }

    /// Clients with these settings, of a program that never stops.
    pub fn services(&self) -> Services {
        Services::remote(&self.client_settings(), &Arc::new(Stopping::new()))
    }
}
