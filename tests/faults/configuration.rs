//! K: configuration and compatibility.
