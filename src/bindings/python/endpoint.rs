//! `Endpoint`.

use std::mem;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use broker::{EndpointId, EndpointOptions, Filter};
use ostler_net::Address;
use ostler_runtime::Deadline;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::classes::VECTOR_TOPIC;
use crate::configuration::Configuration;
use crate::convert_in::from_py;
use crate::infos::PeerInfo;
use crate::process::Maker;
use crate::publisher::{self, Publisher};
use crate::status_subscriber::StatusSubscriber;
use crate::store::{self, Store};
use crate::subscriber::{SafeSubscriber, Subscriber};
use crate::topic::Topic;
use crate::waiting::{apart, deadline, wait};

/// How long `await_peer` waits unless it is told.
const AWAIT_PEER: Duration = Duration::from_secs(10);

/// A node of Broker: it publishes, subscribes, and peers with others. As a context it is shut down
/// at the end.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct Endpoint {
    held: Arc<RwLock<Option<broker::Endpoint>>>,
    maker: Maker,
}

impl Endpoint {
    /// Works with it. The interpreter is not held: `shutdown` may wait for work of other threads.
    fn with<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&broker::Endpoint) -> R + Send,
    ) -> PyResult<R> {
        self.maker.must_be_here()?;
        let done = py.detach(|| read(&self.held).as_ref().map(work));
        done.ok_or_else(is_over)
    }

    /// The same on a thread of its own, for what may take long: Ctrl-C leaves it to itself.
    fn with_apart<R: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&broker::Endpoint) -> R + Send + 'static,
    ) -> PyResult<R> {
        self.maker.must_be_here()?;
        let held = Arc::clone(&self.held);
        apart(py, move || read(&held).as_ref().map(work))?.ok_or_else(is_over)
    }
}

fn read(held: &RwLock<Option<broker::Endpoint>>) -> RwLockReadGuard<'_, Option<broker::Endpoint>> {
    held.read().unwrap_or_else(PoisonError::into_inner)
}

fn is_over() -> PyErr {
    PyRuntimeError::new_err("the endpoint is shut down, or was not made")
}

fn end(held: &RwLock<Option<broker::Endpoint>>) {
    let endpoint = held.write().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(endpoint) = endpoint {
        endpoint.shutdown(Deadline::after(EndpointOptions::default().end_wait));
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if !self.maker.is_here() {
            // Its threads are not there to end it.
            mem::forget(Arc::clone(&self.held));
            return;
        }
        // Where there is no interpreter any more, none is held.
        if Python::try_attach(|py| py.detach(|| end(&self.held))).is_none() {
            end(&self.held);
        }
    }
}

/// Seconds between attempts, as the original counts them: whole ones, and none for no more.
fn retry(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds.trunc()).ok().filter(|wait| !wait.is_zero())
}

#[pymethods]
impl Endpoint {
    /// Takes anything, so that classes of Python's may be made of something else.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { held: Arc::default(), maker: Maker::this() }
    }

    #[pyo3(signature = (config = None))]
    fn __init__(&self, py: Python<'_>, config: Option<&Configuration>) -> PyResult<()> {
        self.maker.must_be_here()?;
        let default = Configuration::default();
        let options = config.unwrap_or(&default).options(py)?;
        let made = py.detach(|| broker::Endpoint::new(options));
        let made = made.map_err(|error| PyOSError::new_err(error.to_string()))?;
        // Who is made anew ends what it was.
        let replaced = || self.held.write().unwrap_or_else(PoisonError::into_inner).replace(made);
        py.detach(|| drop(replaced()));
        Ok(())
    }

    /// Its id.
    fn node_id(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |endpoint| endpoint.id().to_string())
    }

    /// Waits for peers at an address of this machine, at all of both families if it is empty. The
    /// port, which is chosen if it is 0.
    #[pyo3(signature = (address = "", port = 0))]
    fn listen(&self, py: Python<'_>, address: &str, port: u16) -> PyResult<u16> {
        let address = if address.is_empty() {
            Address::everywhere(port)
        } else {
            Address::parse(address, port)
                .map_err(|error| PyValueError::new_err(error.to_string()))?
        };
        let ports = self
            .with(py, |endpoint| endpoint.listen(&address))?
            .map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(ports.first().copied().unwrap_or(port))
    }

    /// Peers with the node at this place and waits for it: until it is there, with attempts so many
    /// seconds apart; for the only attempt if they are 0. Whether it is there.
    #[pyo3(signature = (addr, port, retry = 10.0))]
    fn peer(&self, py: Python<'_>, addr: &str, port: u16, retry: f64) -> PyResult<bool> {
        let awaited =
            self.with(py, |endpoint| endpoint.peer_async(addr, port, self::retry(retry)))?;
        let peer = wait(py, Deadline::NEVER, |slice| awaited.wait(slice))?;
        Ok(peer.is_some_and(|peer| peer.is_ok()))
    }

    /// The same without waiting.
    #[pyo3(signature = (addr, port, retry = 10.0))]
    fn peer_nosync(&self, py: Python<'_>, addr: &str, port: u16, retry: f64) -> PyResult<()> {
        self.with(py, |endpoint| endpoint.peer_nosync(addr, port, self::retry(retry)))
    }

    /// Parts with the peer at this place, and waits until it has gone. Whether there was one, and
    /// it has.
    fn unpeer(&self, py: Python<'_>, addr: &str, port: u16) -> PyResult<bool> {
        let addr = addr.to_owned();
        self.with_apart(py, move |endpoint| endpoint.unpeer(&addr, port))
    }

    /// The same without waiting.
    fn unpeer_nosync(&self, py: Python<'_>, addr: &str, port: u16) -> PyResult<()> {
        self.with(py, |endpoint| endpoint.unpeer_nosync(addr, port)).map(drop)
    }

    /// The peers there are, and those that are wished for.
    fn peers(&self, py: Python<'_>) -> PyResult<Vec<PeerInfo>> {
        let peers = self.with(py, broker::Endpoint::peers)?;
        Ok(peers.into_iter().map(PeerInfo).collect())
    }

    /// The topics that peers have subscribed to.
    fn peer_subscriptions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut all = Filter::new();
        for peer in self.with(py, broker::Endpoint::peers)? {
            for topic in peer.filter.iter() {
                all.extend(topic);
            }
        }
        let topics: Vec<Topic> = all.iter().map(Topic::of).collect::<PyResult<_>>()?;
        VECTOR_TOPIC.get(py)?.call1((topics,))
    }

    /// Waits until the node with this id is a peer, 10 seconds if nothing else is said. Whether it
    /// is.
    #[pyo3(signature = (node, timeout = None))]
    fn await_peer(
        &self,
        py: Python<'_>,
        node: &str,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let id: EndpointId =
            node.parse().map_err(|error| PyValueError::new_err(format!("{node:?} is {error}")))?;
        let last = timeout.map_or_else(|| Ok(Deadline::after(AWAIT_PEER)), deadline)?;
        let there = wait(py, last, |slice| {
            // Without an endpoint there is nothing to wait for.
            read(&self.held)
                .as_ref()
                .map_or(Some(false), |endpoint| endpoint.await_peer(id, slice).then_some(true))
        })?;
        Ok(there.unwrap_or(false))
    }

    /// Has peers send the messages of these topics, so that they go on to others.
    fn forward(&self, topics: &Bound<'_, PyAny>) -> PyResult<()> {
        let named = Topic::all_named(topics)?;
        self.with(topics.py(), |endpoint| endpoint.forward(named))
    }

    /// Publishes a value, and waits for receivers that are behind.
    fn publish(&self, topic: &Bound<'_, PyAny>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let (topic, data, py) = (Topic::named(topic)?, from_py(data)?, data.py());
        let publisher = self.with(py, broker::Endpoint::publisher)?;
        publisher::publish(py, &publisher, &topic, &data)
    }

    /// Publishes several pairs of a topic and a value.
    #[pyo3(signature = (*batch))]
    fn publish_batch(&self, batch: &Bound<'_, PyTuple>) -> PyResult<()> {
        for message in batch.iter() {
            let (topic, data): (Bound<'_, PyAny>, Bound<'_, PyAny>) = message.extract()?;
            self.publish(&topic, &data)?;
        }
        Ok(())
    }

    /// Publishes under one topic.
    fn make_publisher(&self, topic: &Bound<'_, PyAny>) -> PyResult<Publisher> {
        let named = Topic::named(topic)?;
        let publisher = self.with(topic.py(), broker::Endpoint::publisher)?;
        Ok(Publisher::new(publisher, named))
    }

    /// Subscribes to a topic or several. As in the original, `qsize` is without effect: 4096 messages
    /// or 64 MiB wait here, and then those who send more wait.
    #[pyo3(signature = (topics, qsize = 20))]
    fn make_subscriber(&self, topics: &Bound<'_, PyAny>, qsize: usize) -> PyResult<Subscriber> {
        let (_, named) = (qsize, Topic::all_named(topics)?);
        self.with(topics.py(), |endpoint| endpoint.subscribe(named)).map(Subscriber::new)
    }

    /// The same, for values that cannot be changed.
    #[pyo3(signature = (topics, qsize = 20))]
    fn make_safe_subscriber<'py>(
        &self,
        topics: &Bound<'py, PyAny>,
        qsize: usize,
    ) -> PyResult<Bound<'py, SafeSubscriber>> {
        let (_, named) = (qsize, Topic::all_named(topics)?);
        let subscriber = self.with(topics.py(), |endpoint| endpoint.subscribe(named))?;
        Bound::new(topics.py(), SafeSubscriber::initializer(subscriber))
    }

    /// Learns what becomes of peers: errors, and changes if they are wanted.
    #[pyo3(signature = (receive_statuses = false))]
    fn make_status_subscriber(
        &self,
        py: Python<'_>,
        receive_statuses: bool,
    ) -> PyResult<StatusSubscriber> {
        let made = self.with(py, |endpoint| endpoint.status_subscriber(receive_statuses));
        made.map(StatusSubscriber::new)
    }

    /// Attaches the master of a store, whose entries are kept as `type` says, one of `Backend`, with
    /// its options, such as `path`. A `StoreError` if that cannot be done. It waits for a store of
    /// this name that ends, and for its file.
    #[pyo3(signature = (name, r#type = 0, opts = None))]
    fn attach_master(
        &self,
        py: Python<'_>,
        name: &str,
        r#type: u8,
        opts: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Store> {
        let (kind, options) = (store::kind(r#type)?, store::options(opts)?);
        let name = name.to_owned();
        let attach =
            move |endpoint: &broker::Endpoint| endpoint.attach_master(&name, kind, &options);
        let attached = self.with_apart(py, attach)?;
        attached.map(Store::new).map_err(|error| store::refused(py, &error))
    }

    /// Attaches a clone of a store. In seconds: how often a lost master is looked for, 10 unless it is
    /// said; after how long without news of one nothing is read any more, 300, and never with
    /// `math.inf`; and how long what is written waits for one, 120. News comes with each heartbeat of a
    /// master, so that less than two of them, a second, is stale now and then beside one that is well.
    #[pyo3(signature = (name, resync_interval = None, stale_interval = None,
        mutation_buffer_interval = None))]
    fn attach_clone(
        &self,
        py: Python<'_>,
        name: &str,
        resync_interval: Option<&Bound<'_, PyAny>>,
        stale_interval: Option<&Bound<'_, PyAny>>,
        mutation_buffer_interval: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Store> {
        let options =
            store::clone_options(resync_interval, stale_interval, mutation_buffer_interval)?;
        let name = name.to_owned();
        let attached =
            self.with_apart(py, move |endpoint| endpoint.attach_clone(&name, options))?;
        attached.map(Store::new).map_err(|error| store::refused(py, &error))
    }

    /// Ends it: what waits for peers is sent, within 10 seconds, and they are told goodbye.
    fn shutdown(&self, py: Python<'_>) -> PyResult<()> {
        if !self.maker.is_here() {
            return Ok(());
        }
        let held = Arc::clone(&self.held);
        apart(py, move || end(&held))
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.shutdown(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.node_id(py)
    }
}
