//! Structured logs on standard error, one JSON object a line.

use std::io::{self, Write};

use acm_backup_domain::printable;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;

/// What is never logged, whatever level is asked for: kube's client quotes whole answers that it cannot
/// read, and an answer about a Secret may carry its data (in `last-applied-configuration`, if nowhere
/// else).
const SILENCED: [&str; 2] = ["kube_client::client=off", "kube_client::api=off"];

/// A subscriber that writes JSON lines to `writer`, filtered by `directives` (`info`,
/// `info,acm_backup_webhook=debug`).
///
/// # Errors
/// When the directives cannot be read.
pub fn subscriber<W>(
    directives: &str,
    writer: W,
) -> Result<impl Subscriber + Send + Sync, ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let mut filter = EnvFilter::try_new(directives)?;
    for silenced in SILENCED {
        filter = filter.add_directive(silenced.parse()?);
    }
    Ok(tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(Printable(writer))
        .finish())
}

/// Lines in which nothing is left that a terminal would obey: JSON escapes the first 32 characters only, and logs
/// are read on terminals.
struct Printable<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Printable<W> {
    type Writer = Printable<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Printable(self.0.make_writer())
    }
}

/// A subscriber writes whole lines.
impl<W: Write> Write for Printable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(printable::json(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Replaces the panic message by its place: a message may quote what was being read.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        tracing::error!(at = at.as_deref(), "panic");
    }));
}
