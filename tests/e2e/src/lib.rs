//! Two hubs with everything on them, as the end-to-end tests and the demo use them.
//!
//! A [`World`] is two [`Side`]s that share a bucket. On each run a real Velero, the operator's stand-in (or a
//! real operator, see [`operator`]) and, where asked for, our own webhook ([`guard`]). A [`Shell`] runs
//! commands as an administrator would: the real kubectl, with our plugin on its PATH and one
//! kubeconfig for both hubs.

pub mod fixtures;
pub mod guard;
pub mod look;
pub mod operator;
pub mod people;
pub mod races;
mod shell;
mod side;
pub mod strangers;
mod world;

pub use shell::Shell;
pub use side::{Side, SideOptions, identify, install_crds, install_velero_crds};
pub use world::{World, WorldOptions};
