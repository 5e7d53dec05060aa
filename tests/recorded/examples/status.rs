//! What `status` says of one hub at one moment of a recording, as JSON:
//! `cargo run -p acm-backup-recorded --example status 2.17-guarded hub2 19:33:33.613`

use acm_backup_domain::status;
use acm_backup_recorded::judged::{Site, record};
use acm_backup_recorded::view::View;
use anyhow::{Context, Result};

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [name, hub, time] = arguments.as_slice() else {
        anyhow::bail!("RECORDING HUB TIME");
    };
    let name = acm_backup_recorded::recordings()
        .find(|known| known == name)
        .with_context(|| format!("no recording {name}"))?;
    let now = acm_backup_recorded::at(name, time)?;
    let site = Site::open(name)?;
    let side = site.hub(hub)?;
    let mut accepted = record(&site.judge()?, hub);
    accepted.retain(|accepted| accepted.accepted <= now);
    let mut view = View::new(name, hub, side)?;
    for event in side.events.iter().filter(|event| event.at <= now) {
        view.see(event);
    }
    let report = status::assess(&view.snapshot(now, accepted));
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}
