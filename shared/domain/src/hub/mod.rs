//! What follows from a snapshot, worked out once: who owns the fleet, which other hubs are in question,
//! what must be answered before this hub activates or backs up, and which statements answer it.
//!
//! The specification is OWNERSHIP: its sentences are numbered, and each file names those it carries out.
//! Rules, `status`, remedies and plans read the [`HubView`]; nothing else decides who is old and who is
//! live. Odd evidence is one-sided: it puts a hub in question, it never takes one out.

mod activity;
mod clock;
mod evidence;
mod fleet;
pub mod identity;
mod others;
mod passage;
pub mod record;
pub mod restores;
pub mod sets;
pub mod statement;
mod takeover;
#[cfg(test)]
mod tests;
pub mod unattended;
mod view;

pub use activity::Activity;
pub use clock::{SKEW, is_ahead};
pub use evidence::{Ahead, Party, Written, made_here};
pub use fleet::{Fleet, is_the_hub, label_value};
pub use others::{Deed, OtherHub};
pub use passage::{Objection, Passage, Question, Rival, RivalWhy, Unread};
pub use takeover::{Takeover, ToldBy, cannot_be_ordered};
pub use view::{Blind, Findings, HubView, Standing};
