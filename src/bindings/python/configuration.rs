//! `Configuration` and `BrokerOptions`.

use std::path::PathBuf;

use broker::{EndpointOptions, Tls};
use ostler_net::tls::PeerSettings;
use pyo3::exceptions::{PyRuntimeWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// What an endpoint does apart from its certificates.
#[pyclass(module = "broker", subclass)]
#[derive(Clone, Default)]
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
    /// Without effect: time is always that of the clock.
    #[pyo3(get, set)]
    use_real_time: bool,
}

/// What an endpoint is made of.
#[pyclass(module = "broker", subclass)]
#[derive(Clone, Default)]
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
}

impl BrokerOptions {
    fn initial() -> Self {
        Self { use_real_time: true, ..Self::default() }
    }
}

#[pymethods]
impl BrokerOptions {
    /// Takes anything, so that classes of Python's may be made of something else.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::initial()
    }

    fn __init__(&mut self) {
        *self = Self::initial();
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
        let options = options.cloned().unwrap_or_else(BrokerOptions::initial);
        *self = Self { options, ..Self::default() };
    }
}

impl Configuration {
    /// What it is for an endpoint. Warns if TLS is neither disabled nor possible.
    pub(crate) fn options(&self, py: Python<'_>) -> PyResult<EndpointOptions> {
        let mut options = EndpointOptions {
            forwarding: !self.options.disable_forwarding,
            tls: self.tls(py)?,
            ..EndpointOptions::default()
        };
        if self.max_threads > 0 {
            options.threads = self.max_threads;
        }
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
