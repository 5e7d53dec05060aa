//! End-to-end tests on real parts. Each module tells what it is about in its first line; see
//! `docs/architecture.md` for what runs where.

mod support;

mod clients;
mod connecting;
mod crds;
mod damage;
mod demo;
mod documents;
mod installing;
mod labels;
mod oldest;
mod passes;
mod races;
mod rbac;
mod refusals;
mod service;
mod status;
mod strangers;
mod takeover;
mod words;
