//! N: the network and frames.
