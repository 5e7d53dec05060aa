//! What the API server itself says of our calls.

use anyhow::{Context, Result};
use kube::Client;
use std::collections::BTreeMap;

const HISTOGRAM: &str = "apiserver_admission_webhook_admission_duration_seconds";

/// Calls of one webhook entry, by its name.
pub type Calls = BTreeMap<String, Call>;

/// How many calls, and how many of them within 5 ms, the histogram's first bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Call {
    /// All.
    pub all: u64,
    /// Within 5 ms.
    pub within: u64,
}

impl Call {
    /// Those since an earlier look.
    pub fn since(self, before: Self) -> Self {
        Self {
            all: self.all - before.all,
            within: self.within - before.within,
        }
    }

    /// Share over 5 ms, in percent.
    pub fn over(self) -> f64 {
        100.0 * (self.all - self.within) as f64 / self.all.max(1) as f64
    }
}

/// Reads the API server's metrics.
pub async fn calls(client: &Client) -> Result<Calls> {
    let request = http::Request::get("/metrics").body(Vec::new())?;
    let text = client
        .request_text(request)
        .await
        .context("cannot read the API server's metrics")?;
    Ok(parse(&text))
}

fn parse(text: &str) -> Calls {
    let mut calls = Calls::new();
    for line in text.lines() {
        let Some(line) = line.strip_prefix(HISTOGRAM) else {
            continue;
        };
        let (Some(name), Some((_, value))) = (label(line, "name"), line.rsplit_once(' ')) else {
            continue;
        };
        if !name.ends_with(".acm-backup.dev") {
            continue;
        }
        let value = value.parse().unwrap_or(0);
        let call = calls.entry(name.to_owned()).or_default();
        // One line for each operation and outcome: they add up.
        if line.starts_with("_count") {
            call.all += value;
        } else if line.starts_with("_bucket") && label(line, "le") == Some("0.005") {
            call.within += value;
        }
    }
    calls
}

fn label<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_add_up_and_others_do_not_count() {
        let h = HISTOGRAM;
        let text = format!(
            r#"{h}_bucket{{name="a.acm-backup.dev",operation="CREATE",rejected="false",type="admit",le="0.005"}} 7
{h}_bucket{{name="a.acm-backup.dev",operation="CREATE",rejected="false",type="admit",le="0.025"}} 9
{h}_count{{name="a.acm-backup.dev",operation="CREATE",rejected="false",type="admit"}} 9
{h}_bucket{{name="a.acm-backup.dev",operation="UPDATE",rejected="false",type="admit",le="0.005"}} 1
{h}_count{{name="a.acm-backup.dev",operation="UPDATE",rejected="false",type="admit"}} 1
{h}_count{{name="other.example",operation="UPDATE",rejected="false",type="admit"}} 5
"#
        );
        let calls = parse(&text);
        let expected = Call { all: 10, within: 8 };
        assert_eq!(
            calls,
            Calls::from([("a.acm-backup.dev".to_owned(), expected)])
        );
        assert!((expected.over() - 20.0).abs() < 1e-9);
    }
}
