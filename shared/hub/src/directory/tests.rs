use super::*;
use acm_backup_domain::status;
use std::fs;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("acm-backup-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn collect(&self) -> Collected {
        let directory = Directory::open(&self.0).unwrap();
        let namespace = directory.namespace().unwrap_or_else(|| "none".to_owned());
        directory.collect(&namespace, &status::needs().collect())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const ACM: &str = "namespaces/open-cluster-management-backup/cluster.open-cluster-management.io";
const VELERO: &str = "namespaces/open-cluster-management-backup/velero.io";

#[test]
fn lists_and_single_objects_in_yaml_and_json_are_read() {
    let dir = Scratch::new("layouts");
    dir.write(
        &format!("{ACM}/restores.yaml"),
        "apiVersion: v1\nkind: List\nitems:\n- metadata:\n    name: a\n",
    );
    dir.write(
        &format!("{ACM}/backupschedules/b.yaml"),
        "metadata:\n  name: b\nspec:\n  veleroSchedule: 0 */2 * * *\n",
    );
    dir.write(
        &format!("{VELERO}/backups/c.json"),
        r#"{"metadata": {"name": "c"}}"#,
    );
    dir.write(
        "cluster-scoped-resources/config.openshift.io/clusterversions/version.yaml",
        "metadata:\n  name: version\nspec:\n  clusterID: 81431db3\n",
    );
    dir.write("timestamp", "2026-11-22 16:22:47 +0000 UTC m=+0.1\n");
    let collected = dir.collect();
    let s = &collected.snapshot;
    assert_eq!(s.namespace, "open-cluster-management-backup");
    assert_eq!(s.now, "2026-11-22T16:22:47Z".parse().unwrap());
    assert_eq!(s.hub_id.value(), Some(&HubId::new("81431db3")));
    assert_eq!(s.restores.items()[0].meta.name, "a");
    assert_eq!(s.backup_schedules.items()[0].cron, "0 */2 * * *");
    assert_eq!(s.backups.items()[0].meta.name, "c");
    assert_eq!(collected.problems, []);
}

#[test]
fn of_all_definitions_the_one_of_backup_schedules_is_read() {
    const CRDS: &str = "cluster-scoped-resources/apiextensions.k8s.io/customresourcedefinitions";
    const NAME: &str = "backupschedules.cluster.open-cluster-management.io";
    let definition = |fields: &str| {
        format!(
            r#"{{"metadata": {{"name": "{NAME}"}}, "spec": {{"versions": [{{"name": "v1beta1",
            "schema": {{"openAPIV3Schema": {{"properties": {{"spec": {{"properties": {fields}}}}}}}}}}}]}}}}"#
        )
    };
    for (file, text, can) in [
        (NAME, definition(r#"{"paused": {}}"#), Some(true)),
        (NAME, definition(r#"{"veleroTtl": {}}"#), Some(false)),
        (NAME, "{".to_owned(), None),
        ("others.example.com", definition(r#"{"paused": {}}"#), None),
    ] {
        let dir = Scratch::new("definitions");
        dir.write(&format!("{ACM}/restores.yaml"), "items: []\n");
        dir.write(&format!("{CRDS}/{file}.json"), &text);
        let collected = dir.collect();
        assert_eq!(collected.snapshot.can_pause(), can, "{file}: {text}");
        assert_eq!(collected.problems, []);
    }
}

#[test]
fn a_kind_without_a_file_is_missing_and_not_empty() {
    let dir = Scratch::new("missing");
    dir.write(&format!("{ACM}/restores.yaml"), "items: []\n");
    let collected = dir.collect();
    assert_eq!(collected.snapshot.restores.value(), Some(&Vec::new()));
    assert!(matches!(
        collected.snapshot.backups.get(),
        Err(Missing::NotCollected { .. })
    ));
    assert!(matches!(
        collected.snapshot.hub_id.get(),
        Err(Missing::NotCollected { .. })
    ));
}

#[test]
fn a_broken_file_is_named_and_the_others_are_read() {
    let dir = Scratch::new("broken");
    dir.write(
        &format!("{VELERO}/backups/bad.yaml"),
        "metadata: [unclosed\n",
    );
    dir.write(
        &format!("{VELERO}/backups/good.yaml"),
        "metadata:\n  name: good\n",
    );
    dir.write(&format!("{ACM}/restores.yaml"), "just text\n");
    let collected = dir.collect();
    assert_eq!(collected.snapshot.backups.items().len(), 1);
    assert!(
        matches!(
            collected.snapshot.restores.get(),
            Err(Missing::BrokenFile { .. })
        ),
        "a broken list is not an empty one"
    );
    let files: Vec<_> = collected
        .problems
        .iter()
        .map(|problem| problem.file.to_str().unwrap())
        .collect();
    assert_eq!(
        files,
        [
            format!("{ACM}/restores.yaml"),
            format!("{VELERO}/backups/bad.yaml")
        ]
    );
}

#[test]
fn must_gather_puts_images_one_level_down_and_may_collect_twice() {
    let dir = Scratch::new("must-gather");
    for image in ["quay-io-acm", "quay-io-oadp"] {
        dir.write(
            &format!("{image}/{VELERO}/backups/c.yaml"),
            "metadata:\n  name: c\n",
        );
    }
    dir.write("timestamp", "2026-11-22 16:22:47 +0000 UTC m=+0.1\n");
    let collected = Directory::open(&dir.0)
        .unwrap()
        .collect("open-cluster-management-backup", &[Need::Backups].into());
    assert_eq!(collected.snapshot.backups.items().len(), 1);
    assert!(matches!(collected.clock, Clock::TimestampFile(_)));
}

#[test]
fn a_large_list_is_not_refused() {
    let dir = Scratch::new("large");
    let mut text = String::from("items:\n");
    for number in 0..3_500 {
        text.push_str(&format!("- metadata:\n    name: b{number}\n    labels:\n"));
        (0..40).for_each(|label| text.push_str(&format!("      l{label}: x\n")));
    }
    dir.write(&format!("{VELERO}/backupstoragelocations.yaml"), &text);
    let directory = Directory::open(&dir.0).unwrap();
    let collected = directory.collect(
        "open-cluster-management-backup",
        &[Need::StorageLocations].into(),
    );
    assert_eq!(collected.problems, []);
    assert_eq!(collected.snapshot.storage_locations.items().len(), 3_500);
}

#[test]
fn what_is_no_hub_is_refused_with_the_way_out() {
    let dir = Scratch::new("no-hub");
    let error = Directory::open(&dir.0).unwrap_err().to_string();
    assert!(error.contains("oc adm inspect"), "{error}");
    let error = Directory::open(&dir.0.join("gone"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("gone: "), "{error}");
}
