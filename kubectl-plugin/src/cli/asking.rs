//! Runs what asks an API server.

use anyhow::Context;

/// What comes of it. A name that is still being looked up then, on a thread of its own, is not waited for.
pub fn ask<T>(asking: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let asked = runtime.block_on(asking);
    runtime.shutdown_background();
    asked
}
