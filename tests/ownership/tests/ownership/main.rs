//! The product held against the oracle over storages nobody recorded.

mod properties;
mod sentences;
