//! `acm-backup-webhook`; see the library of the same name.

use std::process::ExitCode;

use acm_backup_domain::printable;
use acm_backup_webhook::args::Args;
use acm_backup_webhook::{log, run};
use anyhow::Context;
use clap::Parser;
use tracing::subscriber::set_global_default;

fn main() -> ExitCode {
    let args = Args::parse();
    match start(args) {
        Ok(code) => code,
        Err(error) => {
            // Before there is a log, and beside it: whoever starts it by hand reads this line.
            let text = format!("acm-backup-webhook: {error:#}");
            eprintln!("{}", printable::block(&text));
            ExitCode::FAILURE
        }
    }
}

fn start(args: Args) -> anyhow::Result<ExitCode> {
    let subscriber = log::subscriber(&args.log, std::io::stderr)
        .with_context(|| format!("--log {:?} cannot be read", args.log))?;
    set_global_default(subscriber).context("cannot set up the log")?;
    log::hide_panic_messages();
    // Two workers: reviews are rare and short, and each thread costs memory. What takes long is done apart, by
    // far fewer than these.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(32)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(run::run(args))
}
