//! A stand-in for the cluster-backup-operator, for tests and the demo only: its decisions, at a chosen
//! version, as a pure function ([`decide`]) of what it sees ([`world`]), and a shell that drives a real
//! Velero with them ([`live`]).
//!
//! What the operator does is taken from operator-facts (`§` in comments) and proven by replay of
//! recordings ([`recording`]).

pub mod cleanup_rule;
pub mod decide;
pub mod import_controller;
pub mod kinds;
pub mod live;
pub mod msa_addon;
pub mod object;
pub mod recording;
pub mod version;
pub mod world;
pub mod write;
