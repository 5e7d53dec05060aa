//! The figures as Markdown tables.

use super::command::Runs;
use super::load::Latencies;
use super::webhook::Figures;
use std::fmt::Write;
use std::time::Duration;

/// Where this was measured.
pub fn machine(pinned: bool) -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pinned = if pinned {
        "webhook and load generator on a core each while reviews are measured"
    } else {
        "one core only: webhook and load generator share it"
    };
    let others = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "Measured with `cargo xtask measure` on {cores} cores ({model}), loopback; {pinned}. {}\n",
        busy(&others, cores)
    )
}

/// How far others use the machine: on a busy one the upper quantiles are theirs, not ours.
fn busy(loadavg: &str, cores: usize) -> String {
    let load = loadavg.split(' ').next().unwrap_or_default();
    match load.parse::<f64>() {
        Ok(number) if number > cores as f64 / 2.0 => {
            format!(
                "The machine was BUSY with other work (load {load}): take no p99 from this run."
            )
        }
        Ok(_) => format!("Load before: {load}."),
        Err(_) => "Load before: unknown.".to_owned(),
    }
}

/// Starts of a hub.
pub fn hub(sorted: &[Duration]) -> String {
    let mut rows = Rows::new(&["hub", "starts", "median", "min", "max"]);
    let last = sorted.len() - 1;
    rows.add([
        "etcd, API server, controllers until ready".to_owned(),
        sorted.len().to_string(),
        seconds(sorted[last / 2]),
        seconds(sorted[0]),
        seconds(sorted[last]),
    ]);
    rows.text
}

/// Runs of the plugin.
pub fn commands(commands: &[(&str, Runs)]) -> String {
    let mut rows = Rows::new(&[
        "kubectl acm-backup",
        "runs",
        "median",
        "min",
        "max",
        "peak memory",
    ]);
    for (line, runs) in commands {
        let [median, min, max] = runs.median_min_max();
        rows.add([
            format!("`{line}`"),
            runs.wall.len().to_string(),
            millis(median),
            millis(min),
            millis(max),
            mebibytes(runs.peak),
        ]);
    }
    rows.text
}

/// All of the webhook.
pub fn webhook(figures: &Figures) -> String {
    let mut reviews = Rows::new(&[
        "review at our socket",
        "rate",
        "calls",
        "p50",
        "p99",
        "p99.9",
        "new connections",
    ]);
    for (review, found) in &figures.loads {
        reviews.add(latencies(review.name, found));
    }
    reviews.add(latencies("connect and TLS handshake", &figures.handshakes));

    let mut memory = Rows::new(&["webhook memory", "resident", "peak so far"]);
    for (when, memory_then) in [("idle", figures.idle), ("after the load", figures.after)] {
        memory.add([
            when.to_owned(),
            mebibytes(memory_then.resident),
            mebibytes(memory_then.peak),
        ]);
    }

    let mut calls = Rows::new(&["as the API server counts", "calls", "over 5 ms"]);
    for (name, call) in &figures.seen_by_apiserver {
        calls.add([
            name.clone(),
            call.all.to_string(),
            format!("{:.1} %", call.over()),
        ]);
    }
    let states = figures.away.first().map(|row| &row.took[..]);
    let states = states
        .unwrap_or_default()
        .iter()
        .map(|(state, _)| state.name());
    let head: Vec<_> = ["a Secret's write, median, while the webhook"]
        .into_iter()
        .chain(states)
        .collect();
    let mut away = Rows::new(&head);
    for row in &figures.away {
        let took = row.took.iter().map(|(_, took)| millis(*took));
        away.add([row.write.to_owned()].into_iter().chain(took));
    }
    [reviews.text, memory.text, calls.text, away.text].join("\n")
}

fn latencies(what: &str, found: &Latencies) -> [String; 7] {
    let rate = match found.rate {
        0 => "one by one".to_owned(),
        rate => format!("{rate}/s"),
    };
    [
        what.to_owned(),
        rate,
        found.count().to_string(),
        millis(found.quantile(0.5)),
        millis(found.quantile(0.99)),
        millis(found.quantile(0.999)),
        found.opened.to_string(),
    ]
}

struct Rows {
    text: String,
}

impl Rows {
    fn new(head: &[&str]) -> Self {
        let mut rows = Self {
            text: String::new(),
        };
        rows.add(head.iter().map(|name| (*name).to_owned()));
        rows.add(head.iter().map(|_| "---".to_owned()));
        rows
    }

    fn add(&mut self, cells: impl IntoIterator<Item = String>) {
        for cell in cells {
            // Writing to a String cannot fail.
            let _ = write!(self.text, "| {cell} ");
        }
        self.text.push_str("|\n");
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_is_said_to_be_so() {
        assert_eq!(busy("0.30 1.20 2.00 1/200 77", 2), "Load before: 0.30.");
        assert!(busy("5.31 5.87 5.90 1/200 77", 2).contains("take no p99"));
    }

    #[test]
    fn a_table_is_markdown() {
        let table = hub(&[Duration::from_millis(2500), Duration::from_millis(3140)]);
        assert_eq!(
            table,
            "| hub | starts | median | min | max |\n\
             | --- | --- | --- | --- | --- |\n\
             | etcd, API server, controllers until ready | 2 | 2.5 s | 2.5 s | 3.1 s |\n"
        );
    }
}
