//! Two hubs on one bucket.

use acm_backup_bed::{Bucket, Program};
use anyhow::Result;

use crate::operator::Operator;
use crate::people;
use crate::shell::Shell;
use crate::side::{Side, SideOptions};

/// Id of the first hub, the one that is active at first.
pub const ID_A: &str = "81431db3-2b3e-56e4-93ca-3481bd29fa8b";
/// Id of the second hub.
pub const ID_B: &str = "75b1a9a2-89e1-59cb-84bc-9815403f475d";

/// How the two hubs are made.
#[derive(Clone, Copy, Debug)]
pub struct WorldOptions {
    /// Replicas of our webhook on each hub; with none our configurations are not installed either.
    pub replicas: u16,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self { replicas: 2 }
    }
}

/// Two hubs, one bucket, and a shell to work on them. Stops in the order of its fields.
pub struct World {
    /// Commands run here.
    pub shell: Shell,
    /// The first hub.
    pub a: Side,
    /// The second hub.
    pub b: Side,
    /// What they share.
    pub bucket: Bucket,
}

impl World {
    /// Start everything; the hubs start side by side.
    pub async fn start(options: WorldOptions) -> Result<Self> {
        tokio::task::spawn_blocking(build).await??;
        let bucket = tokio::task::spawn_blocking(Bucket::start).await??;
        let side = |name, id, number| -> Result<SideOptions> {
            Ok(SideOptions {
                name,
                id,
                operator: Operator::from_env(number)?,
                replicas: options.replicas,
            })
        };
        let (a, b) = (side("hub-a", ID_A, 0)?, side("hub-b", ID_B, 1)?);
        let (a, b) = tokio::try_join!(Side::start(&a, &bucket), Side::start(&b, &bucket))?;
        let [[ops_a, lead_a], [ops_b, lead_b]] =
            [people::on(&a.hub).await?, people::on(&b.hub).await?];
        let shell = Shell::new(&[ops_a, ops_b, lead_a, lead_b])?;
        Ok(Self {
            shell,
            a,
            b,
            bucket,
        })
    }
}

/// Our own programs first: cargo's lock is held by one at a time anyway.
fn build() -> Result<()> {
    [Program::Plugin, Program::Webhook, Program::Operator]
        .into_iter()
        .try_for_each(|program| program.path().map(drop))
}
