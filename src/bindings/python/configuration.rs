//! `Configuration` and `BrokerOptions`.

use std::path::PathBuf;
use std::time::Duration;

use broker::{EndpointOptions, StoreLimits, Tls};
use ostler_net::tls::PeerSettings;
use pyo3::exceptions::{PyRuntimeWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::waiting::span;

/// The least time between two ticks of a store.
const SHORTEST_TICK: Duration = Duration::from_millis(1);

/// What an endpoint does apart from its certificates.
#[pyclass(module = "broker", subclass)]
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the original's attributes")]
pub(crate) struct BrokerOptions {
    /// Whether no TLS is spoken with peers.
    #[pyo3(get, set)]
    disable_ssl: bool,
    /// Whether messages of peers do not go on to other peers.
    #[pyo3(get, set)]
    disable_forwarding: bool,
    /// Without effect: no configuration file is read anyway.
    #[pyo3(get, set)]
    ignore_broker_conf: bool,
    /// Has to be true: time is always that of the clock. Who sets it to false is warned when the
    /// endpoint is made.
    #[pyo3(get, set)]
    use_real_time: bool,
}

/// What an endpoint is made of.
#[pyclass(module = "broker", subclass)]
#[derive(Clone)]
pub(crate) struct Configuration {
    options: BrokerOptions,
    /// Certificates of the authorities that signed those of peers, in a file.
    #[pyo3(get, set)]
    openssl_cafile: String,
    /// A folder of files with such certificates.
    #[pyo3(get, set)]
    openssl_capath: String,
    /// The endpoint's certificate, in a file.
    #[pyo3(get, set)]
    openssl_certificate: String,
    /// Its key, in a file; that of the certificate if this is empty.
    #[pyo3(get, set)]
    openssl_key: String,
    /// The passphrase of an encrypted key.
    #[pyo3(get, set)]
    openssl_passphrase: String,
    /// Threads that serve all peers; 0 for the default.
    #[pyo3(get, set)]
    max_threads: usize,
    /// Seconds from one tick of a store to the next. A master and its clones should have the same.
    store_tick_interval: Duration,
    /// Ticks between two signs of life of a master, a clone or a writer, likewise.
    #[pyo3(get)]
    store_heartbeat_interval: u16,
}

impl Default for Configuration {
    fn default() -> Self {
        let channel = StoreLimits::default().channel;
        Self {
            options: BrokerOptions::default(),
            openssl_cafile: String::new(),
            openssl_capath: String::new(),
            openssl_certificate: String::new(),
            openssl_key: String::new(),
            openssl_passphrase: String::new(),
            max_threads: 0,
            store_tick_interval: channel.tick,
            store_heartbeat_interval: channel.heartbeat,
        }
    }
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self {
            disable_ssl: false,
            disable_forwarding: false,
            ignore_broker_conf: false,
            use_real_time: true,
        }
    }
}

#[pymethods]
impl BrokerOptions {
    /// Takes anything, so that classes of Python's may be made of something else.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    fn __init__(&mut self) {
        *self = Self::default();
    }
}

#[pymethods]
impl Configuration {
    /// Takes anything, so that classes of Python's may be made of something else.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    #[pyo3(signature = (options = None))]
    fn __init__(&mut self, options: Option<&BrokerOptions>) {
        let options = options.cloned().unwrap_or_default();
        *self = Self { options, ..Self::default() };
    }

    #[getter]
    fn store_tick_interval(&self) -> f64 {
        self.store_tick_interval.as_secs_f64()
    }

    #[setter]
    fn set_store_tick_interval(&mut self, interval: &Bound<'_, PyAny>) -> PyResult<()> {
        let interval = span(interval)?;
        if interval < SHORTEST_TICK {
            return Err(PyValueError::new_err("ticks of less than a millisecond"));
        }
        self.store_tick_interval = interval;
        Ok(())
    }

    #[setter]
    fn set_store_heartbeat_interval(&mut self, ticks: u16) -> PyResult<()> {
        if ticks == 0 {
            return Err(PyValueError::new_err("no ticks between two signs of life"));
        }
        self.store_heartbeat_interval = ticks;
        Ok(())
    }
}

impl Configuration {
    /// What it is for an endpoint. Warns if TLS is neither disabled nor possible, and of a time that
    /// is not the clock's.
    pub(crate) fn options(&self, py: Python<'_>) -> PyResult<EndpointOptions> {
        if !self.options.use_real_time {
            let words =
                c"use_real_time = False in BrokerOptions is without effect: keys of stores expire by \
                the clock, and no time can be set";
            PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), words, 1)?;
        }
        let mut options = EndpointOptions {
            forwarding: !self.options.disable_forwarding,
            tls: self.tls(py)?,
            ..EndpointOptions::default()
        };
        if self.max_threads > 0 {
            options.threads = self.max_threads;
        }
        options.stores.channel.tick = self.store_tick_interval;
        options.stores.channel.heartbeat = self.store_heartbeat_interval;
        Ok(options)
    }

    fn tls(&self, py: Python<'_>) -> PyResult<Option<Tls>> {
        if self.options.disable_ssl {
            return Ok(None);
        }
        if self.openssl_certificate.is_empty() {
            let others = [
                &self.openssl_cafile,
                &self.openssl_capath,
                &self.openssl_key,
                &self.openssl_passphrase,
            ];
            if others.iter().any(|other| !other.is_empty()) {
                let words = "openssl_certificate is missing, and TLS needs it";
                return Err(PyValueError::new_err(words));
            }
            let words =
                c"no TLS is spoken, since there is no openssl_certificate: give one, or set \
                disable_ssl in BrokerOptions";
            PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), words, 1)?;
            return Ok(None);
        }
        let path = |text: &String| (!text.is_empty()).then(|| PathBuf::from(text));
        let certificate = PathBuf::from(&self.openssl_certificate);
        let passphrase = &self.openssl_passphrase;
        let settings = PeerSettings {
            key: path(&self.openssl_key).unwrap_or_else(|| certificate.clone()),
            certificate,
            passphrase: (!passphrase.is_empty()).then(|| passphrase.clone()),
            cafile: path(&self.openssl_cafile),
            capath: path(&self.openssl_capath),
        };
        let tls = py.detach(|| Tls::load(&settings));
        tls.map(Some).map_err(|error| PyValueError::new_err(error.to_string()))
    }
}
