//! The bucket hubs share: a real S3 server on a directory.

use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::address::Loopback;
use crate::parts::{self, Part};
use crate::process::{Process, Recipe, StopOrder};
use crate::run::Place;

const PORT: u16 = 7070;
const START_LIMIT: Duration = Duration::from_secs(30);
const ACCESS_KEY: &str = "test-bed";
const SECRET_KEY: &str = "test-bed-secret";

/// An S3 server with one bucket.
pub struct Bucket {
    server: Process,
    address: Loopback,
    place: Place,
}

impl Bucket {
    /// Name of the bucket.
    pub const NAME: &'static str = "acm-backups";
    /// The server refuses requests signed for another region.
    pub const REGION: &'static str = "us-east-1";

    /// Start the server, and wait until it takes connections. Blocks while it is built.
    pub fn start() -> Result<Self> {
        let binary = parts::path(Part::Versitygw)?;
        let address = Loopback::claim(&[PORT])?;
        let place = Place::claim("s3")?;
        // A bucket is a directory. Metadata go beside it: not every file system has extended attributes.
        let (root, metadata) = (place.data("root"), place.data("metadata"));
        std::fs::create_dir_all(root.join(Self::NAME))?;
        std::fs::create_dir_all(&metadata)?;
        let recipe = Recipe::new("versitygw", binary)
            .order(StopOrder::Store)
            .args(["--access", ACCESS_KEY, "--secret", SECRET_KEY])
            .args(["--region", Self::REGION, "--port"])
            .arg(format!("{}:{PORT}", address.ip()))
            .args(["posix", "--sidecar"])
            .arg(metadata)
            .arg(root);
        let server = Process::start(recipe, place.log("versitygw"))?;
        let bucket = Self {
            server,
            address,
            place,
        };
        bucket.until_ready()?;
        bucket.place.is_up();
        Ok(bucket)
    }

    fn until_ready(&self) -> Result<()> {
        let end = Instant::now() + START_LIMIT;
        while TcpStream::connect((self.address.ip(), PORT)).is_err() {
            self.server.check()?;
            if Instant::now() > end {
                bail!("the S3 server takes no connections after {START_LIMIT:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// URL of the server, as a BackupStorageLocation wants it.
    pub fn url(&self) -> String {
        format!("http://{}:{PORT}", self.address.ip())
    }

    /// What is in the bucket, as files.
    pub fn dir(&self) -> PathBuf {
        self.place.data("root").join(Self::NAME)
    }

    /// A credentials file's text, as Velero's secret holds it.
    pub fn credentials(&self) -> String {
        format!("[default]\naws_access_key_id={ACCESS_KEY}\naws_secret_access_key={SECRET_KEY}\n")
    }

    /// The server itself: a test may take the storage away, and give it back.
    pub fn server(&self) -> &Process {
        &self.server
    }
}
