//! Hubs as collectors leave them in a directory, damaged in every way there is, and judged.
//!
//! What must hold: **no cut and no missing file adds a finding, or makes the verdict better** than that of the whole
//! directory. What a directory lacks is told as not checked, and that makes no verdict better: `UNKNOWN` is none.
//!
//! [`hub`] has the hubs, well and in trouble, [`layout`] what each collector makes of one, [`damage`] what may happen
//! to that, [`mixed`] what two of them make in one directory, [`judge`] what is said then, and [`soak`] runs and counts it all.

pub mod damage;
pub mod hub;
pub mod judge;
pub mod layout;
pub mod mixed;
pub mod soak;
pub mod yaml;
