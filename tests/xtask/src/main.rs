//! Every task of a contributor, as `cargo xtask TASK`.

mod attach;
mod cargo;
mod crds;
mod demo;
#[cfg(test)]
mod documented;
mod image;
mod measure;
mod soak;
mod test;
#[cfg(test)]
mod workspace_rules;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Show the main job on two real hubs; builds what is missing
    Demo(demo::Args),
    /// Run every test, from unit to end-to-end; builds what is missing
    Test(test::Args),
    /// Write crds/ anew from our own types
    Crds,
    /// Put the webhook in front of an API server on this machine, until Ctrl-C
    Attach(attach::Args),
    /// Make the webhook's image, an OCI archive; no engine needed
    Image(image::Args),
    /// Measure what the README states; prints a table
    Measure(measure::Args),
    /// Run the full sizes of what CI runs in part
    Soak(soak::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Demo(args) => demo::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Crds => crds::write(),
        Task::Attach(args) => attach::run(&args),
        Task::Image(args) => image::run(&args),
        Task::Measure(args) => measure::run(&args),
        Task::Soak(args) => soak::run(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the checkout.
fn root() -> &'static std::path::Path {
    // tests/xtask is two levels down, and the workspace never moves while it is built.
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/xtask lies in the workspace")
}
