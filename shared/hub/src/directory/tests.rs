use super::*;
use acm_backup_domain::status;
use serde_json::json;
use std::fs;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("acm-backup-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn at(&self, file: &str) -> PathBuf {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.at(file), text).unwrap();
    }

    fn collect(&self) -> Collected {
        let directory = Directory::open(&self.0).unwrap();
        let namespace = directory.namespace().unwrap_or_else(|| "none".to_owned());
        directory
            .collect(&namespace, &status::needs().collect())
            .unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const ACM: &str = "namespaces/open-cluster-management-backup/cluster.open-cluster-management.io";
const VELERO: &str = "namespaces/open-cluster-management-backup/velero.io";

const TIMES: &str = "2026-11-22 16:22:47 +0000 UTC m=+0.1\n2026-11-22 16:22:50 +0000 UTC m=+3.1\n";

/// A Backup as a collector writes it: a file of its own, or an item.
fn backup(name: &str) -> String {
    format!(
        "apiVersion: velero.io/v1\nkind: Backup\nmetadata:\n  name: {name}\nstatus:\n  phase: Completed\n  startTimestamp: \"2026-11-22T16:20:00Z\"\n  version: 1\n"
    )
}

fn list(kind: &str, items: &[String]) -> String {
    let items: String = items
        .iter()
        .map(|item| format!("- {}\n", item.trim_end().replace('\n', "\n  ")))
        .collect();
    format!("apiVersion: v1\nitems:\n{items}kind: {kind}\nmetadata:\n  resourceVersion: \"\"\n")
}

fn version(id: &str) -> String {
    format!(
        "---\napiVersion: config.openshift.io/v1\nkind: ClusterVersion\nmetadata:\n  name: version\nspec:\n  clusterID: {id}\n"
    )
}

const NO_RESTORES: &str = "apiVersion: v1\nitems: []\nkind: RestoreList\n";

const VERSION: &str = "cluster-scoped-resources/config.openshift.io/clusterversions/version.yaml";

#[test]
fn lists_and_single_objects_in_yaml_and_json_are_read() {
    let dir = Scratch::new("layouts");
    dir.write(
        &format!("{ACM}/restores.yaml"),
        "apiVersion: v1\nitems:\n- apiVersion: cluster.open-cluster-management.io/v1beta1\n  kind: Restore\n  metadata:\n    name: a\nkind: List\n",
    );
    dir.write(
        &format!("{ACM}/backupschedules/b.yaml"),
        "---\napiVersion: cluster.open-cluster-management.io/v1beta1\nkind: BackupSchedule\nmetadata:\n  name: b\nspec:\n  veleroSchedule: 0 */2 * * *\nstatus:\n  phase: Enabled\n",
    );
    dir.write(
        &format!("{VELERO}/backups/c.json"),
        r#"{"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": "c"}}"#,
    );
    dir.write(VERSION, &version("81431db3"));
    dir.write("timestamp", TIMES);
    let collected = dir.collect();
    let s = &collected.snapshot;
    assert_eq!(s.namespace, "open-cluster-management-backup");
    let (begin, end) = ("2026-11-22T16:22:47Z", "2026-11-22T16:22:50Z");
    assert_eq!(s.now.earliest(), begin.parse().unwrap());
    assert_eq!(s.now.latest(), Some(end.parse().unwrap()));
    assert_eq!(s.hub_id.value(), Some(&HubId::new("81431db3")));
    assert_eq!(s.restores.items()[0].meta.name, "a");
    assert_eq!(s.backup_schedules.items()[0].cron, "0 */2 * * *");
    assert_eq!(s.backups.items()[0].meta.name, "c");
}

#[test]
fn of_all_definitions_the_one_of_backup_schedules_is_read() {
    const CRDS: &str = "cluster-scoped-resources/apiextensions.k8s.io/customresourcedefinitions";
    const NAME: &str = "backupschedules.cluster.open-cluster-management.io";
    let definition = |fields: serde_json::Value| {
        let schema = json!({"openAPIV3Schema": {"properties": {"spec": {"properties": fields}}}});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": NAME},
            "spec": {"versions": [{"name": "v1beta1", "schema": schema}]},
        })
        .to_string()
    };
    let pauses = definition(json!({"paused": {}}));
    for (file, text, can) in [
        (NAME, pauses.as_str(), Some(true)),
        (NAME, &definition(json!({"veleroTtl": {}})), Some(false)),
        (NAME, "{", None),
        ("others.example.com", &pauses, None),
    ] {
        let dir = Scratch::new("definitions");
        dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
        dir.write(&format!("{CRDS}/{file}.json"), text);
        assert_eq!(dir.collect().snapshot.can_pause(), can, "{file}: {text}");
    }
}

#[test]
fn the_guards_are_known_by_their_whole_file_and_no_file_says_nothing() {
    const FOLDER: &str =
        "cluster-scoped-resources/admissionregistration.k8s.io/validatingwebhookconfigurations";
    let text = fs::read_to_string("../../manifests/guards/validating.yaml").unwrap();
    let object: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    // As a collector writes it: its keys in order.
    let whole = serde_saphyr::to_string(&object).unwrap();
    let known = |file: Option<(&str, &str)>| {
        let dir = Scratch::new("guards");
        dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
        if let Some((name, text)) = file {
            dir.write(&format!("{FOLDER}/{name}.yaml"), text);
        }
        dir.collect().snapshot.guards.value().cloned()
    };
    let found = known(Some(("acm-backup-guards", &whole))).unwrap().unwrap();
    assert_eq!((found.entries.len(), found.are_armed()), (2, false));
    assert_eq!(known(None), None);
    assert_eq!(known(Some(("others", &whole))), None);
    // Cut, it has no second entry, or not its end.
    for (end, _) in whole.trim_end().match_indices('\n') {
        let cut = &whole[..=end];
        assert_eq!(known(Some(("acm-backup-guards", cut))), None, "{cut}");
    }
}

#[test]
fn a_kind_without_a_file_is_missing_and_not_empty() {
    let dir = Scratch::new("missing");
    dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
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

/// Why the backups of a directory are not known, for one file of them.
fn why(dir: &Scratch) -> String {
    match dir.collect().snapshot.backups.get() {
        Err(Missing::BrokenFile { why, .. }) => why.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn of_a_broken_file_among_whole_ones_nothing_is_concluded() {
    let dir = Scratch::new("broken");
    dir.write(
        &format!("{VELERO}/backups/bad.yaml"),
        "metadata: [unclosed\n",
    );
    dir.write(&format!("{VELERO}/backups/good.yaml"), &backup("good"));
    let why = why(&dir);
    assert!(
        why.contains("the file ends in the middle, or is broken"),
        "{why}"
    );
    let collected = dir.collect();
    let told = collected.snapshot.backups.get().unwrap_err().to_string();
    assert!(
        told.starts_with(&format!("{VELERO}/backups/bad.yaml: ")),
        "{told}"
    );
}

#[test]
fn a_list_cut_anywhere_ends_in_the_middle() {
    let whole = list("BackupList", &[backup("a"), backup("b")]);
    let dir = Scratch::new("cut-list");
    let file = format!("{VELERO}/backups.yaml");
    let end = whole.find("kind: BackupList").unwrap() + "kind: BackupList\n".len();
    for cut in 1..end {
        dir.write(&file, &whole[..cut]);
        assert_eq!(
            why(&dir),
            "the file ends in the middle",
            "{}",
            &whole[..cut]
        );
    }
    dir.write(&file, &whole[..end]);
    assert_eq!(dir.collect().snapshot.backups.items().len(), 2);
}

#[test]
fn json_cut_anywhere_ends_in_the_middle() {
    let item: serde_json::Value = serde_saphyr::from_str(&backup("a")).unwrap();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [item]});
    let dir = Scratch::new("cut-json");
    for whole in [list.to_string(), item.to_string()] {
        let file = format!("{VELERO}/backups/a.json");
        for cut in 1..whole.len() {
            dir.write(&file, &whole[..cut]);
            assert_eq!(
                why(&dir),
                "the file ends in the middle",
                "{}",
                &whole[..cut]
            );
        }
        dir.write(&file, &whole);
        assert_eq!(dir.collect().snapshot.backups.items().len(), 1);
    }
}

#[test]
fn what_is_no_whole_list_is_told_as_what_it_is() {
    let dir = Scratch::new("no-list");
    let half = "apiVersion: velero.io/v1\nkind: Backup\n".to_owned();
    let restore = backup("a").replace("kind: Backup", "kind: Restore");
    for (text, told) in [
        (
            list("List", &[backup("a"), half]),
            "it holds an object without apiVersion, kind or name",
        ),
        (
            list("List", &[restore]),
            "it holds a Restore of velero.io/v1 in the place of backups.velero.io",
        ),
        (
            list("PodList", &[]),
            "it is no whole list of backups.velero.io: kind is missing or another",
        ),
        // Nothing in it says where it ends.
        (
            format!(
                "kind: List\nitems:\n- {}",
                backup("a").replace('\n', "\n  ")
            ),
            "the file ends in the middle",
        ),
        (
            "kind: BackupList\napiVersion: v1\n".to_owned(),
            "the file ends in the middle",
        ),
        (
            backup("a").replace("  name: a\n", "  labels: {}\n"),
            "it holds an object without apiVersion, kind or name",
        ),
        // What `kubectl get --raw …?limit=1` gives: the rest is not looked at.
        (
            list("List", &[backup("a")])
                .replace("resourceVersion: \"\"", "continue: eyJ2Ijo"),
            "it is one page of a list, and more follow",
        ),
        (
            "{\"kind\": \"BackupList\", \"metadata\": {\"remainingItemCount\": 3}, \"items\": []}\n"
                .to_owned(),
            "it is one page of a list, and more follow",
        ),
        ("\n\n".to_owned(), "it is empty"),
        (String::new(), "it is empty"),
        ("- a\n".to_owned(), "it holds no Kubernetes object"),
    ] {
        dir.write(&format!("{VELERO}/backups.yaml"), &text);
        assert_eq!(why(&dir), told, "{text}");
    }
}

#[test]
fn one_object_is_whole_with_what_every_whole_one_has_last() {
    let dir = Scratch::new("cut-single");
    let file = format!("{VELERO}/backups/a.yaml");
    let whole = backup("a");
    let end = whole.find("  version: 1\n").unwrap();
    for cut in 1..end {
        dir.write(&file, &whole[..cut]);
        assert!(
            why(&dir).contains("the file ends in the middle"),
            "{}",
            &whole[..cut]
        );
    }
    // What is lost from here on nothing rests on.
    dir.write(&file, &whole[..end]);
    assert_eq!(dir.collect().snapshot.backups.items().len(), 1);
    for (status, is_whole) in [
        ("status: {}\n", true),
        ("status:\n  phase: FailedValidation\n", true),
        ("status:\n  phase: Queued\n", true),
        ("status:\n  phase: Completed\n", false),
        ("", false),
    ] {
        let begin = whole.find("status:").unwrap();
        dir.write(&file, &format!("{}{status}", &whole[..begin]));
        let known = dir.collect().snapshot.backups.value().is_some();
        assert_eq!(known, is_whole, "{status:?}");
    }
}

#[test]
fn what_was_packed_has_not_come_whole_or_was_overwritten_is_told() {
    let told = |file: &str, text: &str| {
        let dir = Scratch::new("odd-name");
        dir.write(&format!("{VELERO}/backups/a.yaml"), &backup("a"));
        dir.write(&format!("{VELERO}/backups/{file}"), text);
        match dir.collect().snapshot.backups.get() {
            Ok(backups) => backups.len().to_string(),
            Err(missing) => missing
                .to_string()
                .replace(&format!("{VELERO}/backups/"), ""),
        }
    };
    let packed = |file: &str| format!("{file}: it was packed, or has not come whole: unpack it");
    for file in ["b.yaml.gz", "b.json.part", "b.YAML.filepart"] {
        assert_eq!(told(file, "x"), packed(file));
    }
    // What OADP's must-gather puts beside them.
    for file in ["b.log", "describe-b.txt"] {
        assert_eq!(told(file, "x"), "1");
    }
    assert_eq!(
        told("b.yaml", &backup("a")),
        "b.yaml: it holds a, as a.yaml does"
    );
    assert_eq!(told("B.YAML", &backup("c")), "2");
    assert!(
        told("b.yaml", &format!("{}---\n{}", backup("b"), backup("c")))
            .ends_with("more than one document is in it")
    );
    // A list packed beside nothing is no list.
    let dir = Scratch::new("packed-list");
    dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
    dir.write(&format!("{VELERO}/backups.yaml.gz"), "x");
    assert!(matches!(
        dir.collect().snapshot.backups.get(),
        Err(Missing::NotCollected { .. })
    ));
}

#[test]
fn what_is_no_file_of_text_is_told_and_never_waited_for() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    let told = |make: &dyn Fn(&Path)| {
        let dir = Scratch::new("no-file");
        dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
        make(&dir.at(&format!("{VELERO}/backups/a.yaml")));
        let single = why(&dir);
        fs::remove_dir_all(dir.0.join(VELERO)).unwrap();
        make(&dir.at(&format!("{VELERO}/backups.yaml")));
        assert_eq!(why(&dir), single);
        single
    };
    let fifo = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    assert_eq!(told(&fifo), "it is no regular file");
    assert_eq!(
        told(&|path| symlink("/dev/zero", path).unwrap()),
        "it is no regular file"
    );
    assert_eq!(
        told(&|path| drop(UnixListener::bind(path).unwrap())),
        "it is no regular file"
    );
    assert_eq!(
        told(&|path| fs::create_dir(path).unwrap()),
        "it is a directory"
    );
    assert_eq!(
        told(&|path| symlink("nowhere", path).unwrap()),
        "it is a link to nothing"
    );
    let loops = told(&|path| symlink(path.file_name().unwrap(), path).unwrap());
    assert!(loops.contains("symbolic link"), "{loops}");
    assert_eq!(
        told(&|path| fs::write(path, [0xff, 0x00, 0xfe]).unwrap()),
        "it is not text"
    );
    let sparse = |path: &Path| fs::File::create(path).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(told(&sparse), "it is larger than 256 MiB");
}

#[test]
fn a_file_in_the_place_of_a_folder_is_told() {
    let dir = Scratch::new("no-folder");
    dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
    dir.write(VELERO, "");
    let why = why(&dir);
    assert!(why.to_lowercase().contains("not a directory"), "{why}");
}

#[test]
fn a_timestamp_that_never_ends_is_none() {
    let dir = Scratch::new("fifo-timestamp");
    dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
    dir.write(
        &format!("{VELERO}/backups.yaml"),
        &list("List", &[backup("a")]),
    );
    let fifo = std::process::Command::new("mkfifo")
        .arg(dir.at("timestamp"))
        .status();
    assert!(fifo.unwrap().success());
    assert_eq!(
        dir.collect().clock,
        Clock::None,
        "no object of it has a time of this hub"
    );
}

#[test]
fn files_that_macos_puts_beside_others_are_none_of_ours() {
    let dir = Scratch::new("macos");
    dir.write(&format!("{VELERO}/backups/a.yaml"), &backup("a"));
    for file in [
        ".DS_Store",
        "._timestamp",
        &format!("{VELERO}/backups/._a.yaml"),
    ] {
        fs::write(dir.at(file), [0, 5, 0x16, 7]).unwrap();
    }
    assert_eq!(dir.collect().snapshot.backups.items().len(), 1);
}

#[test]
fn must_gather_puts_images_one_level_down_and_may_collect_twice() {
    let dir = Scratch::new("must-gather");
    for image in ["quay-io-acm", "quay-io-oadp"] {
        dir.write(&format!("{image}/{VELERO}/backups/c.yaml"), &backup("c"));
    }
    dir.write("timestamp", TIMES);
    let collected = dir.collect();
    assert_eq!(collected.snapshot.backups.items().len(), 1);
    assert!(matches!(collected.clock, Clock::TimestampFile(_)));
}

/// What is said of a directory that cannot be used.
fn refused(dir: &Scratch) -> String {
    let error = Directory::open(&dir.0).unwrap_err().to_string();
    error.replace(&dir.0.display().to_string(), "DIR")
}

#[test]
fn several_hubs_are_refused_with_their_ids_however_they_came_together() {
    const WAY_OUT: &str = "point --from at one of them";
    // Two must-gathers unpacked into one, or two images of two hubs: the ids tell.
    let dir = Scratch::new("two-hubs");
    for (folder, id) in [("a", "aaaa1111"), ("b", "bbbb2222")] {
        dir.write(&format!("{folder}/{VELERO}/backups/c.yaml"), &backup("c"));
        dir.write(&format!("{folder}/{VERSION}"), &version(id));
    }
    dir.write("timestamp", TIMES);
    assert_eq!(
        refused(&dir),
        format!("DIR holds more than one hub: a (hub aaaa1111), b (hub bbbb2222); {WAY_OUT}")
    );
    // One of them does not say which it is, and no must-gather made both.
    fs::remove_file(dir.0.join("timestamp")).unwrap();
    fs::remove_file(dir.0.join("b").join(VERSION)).unwrap();
    assert_eq!(
        refused(&dir),
        format!("DIR holds more than one hub: a (hub aaaa1111), b (hub id not in it); {WAY_OUT}")
    );
    // One hub, looked at twice.
    dir.write(&format!("b/{VERSION}"), &version("aaaa1111"));
    assert_eq!(
        refused(&dir),
        format!(
            "DIR holds the same hub more than once: a (hub aaaa1111), b (hub aaaa1111); {WAY_OUT}"
        )
    );
    assert!(Directory::open(&dir.0.join("a")).is_ok());
    // Copied over each other.
    let dir = Scratch::new("merged-hubs");
    dir.write(&format!("{VELERO}/backups/c.yaml"), &backup("c"));
    dir.write(VERSION, &version("aaaa1111"));
    dir.write(
        "cluster-scoped-resources/config.openshift.io/clusterversions.yaml",
        &list(
            "ClusterVersionList",
            &[version("bbbb2222").replace("---\n", "")],
        ),
    );
    assert!(
        refused(&dir).contains(". (hub aaaa1111 and bbbb2222)"),
        "{}",
        refused(&dir)
    );
    // The folders of contexts.
    let dir = Scratch::new("contexts");
    for (context, id) in [("hub", "aaaa1111"), ("spoke", "cccc3333")] {
        dir.write(&format!("{context}/namespaces/default/core/pods.yaml"), "");
        dir.write(
            &format!("{context}/cluster/config.openshift.io/clusterversions/version.yaml"),
            &version(id),
        );
    }
    assert!(refused(&dir).contains("hub (hub aaaa1111), spoke (hub cccc3333)"));
}

/// Why a directory of these files is of no one hub; none where it was read.
fn mixed(files: &[(&str, String)]) -> Option<String> {
    let dir = Scratch::new("mixed");
    dir.write("timestamp", TIMES);
    dir.write(VERSION, &version("aaaa1111"));
    for (file, text) in files {
        dir.write(file, text);
    }
    let directory = Directory::open(&dir.0).unwrap();
    let namespace = directory.namespace().unwrap_or_default();
    let error = directory
        .collect(&namespace, &status::needs().collect())
        .err()?
        .to_string();
    let why = error.split("more than one hub wrote: ").nth(1)?;
    Some(why.split("; collect each").next()?.to_owned())
}

/// Of two hubs that were collected into one directory, one after the other, one ClusterVersion is left.
#[test]
fn objects_of_two_hubs_are_refused_with_what_contradicts() {
    let file = |name: &str| format!("{VELERO}/{name}");
    let labelled = |text: String, label: &str, id: &str| {
        text.replace(
            "metadata:\n",
            &format!("metadata:\n  labels:\n    {label}: {id}\n"),
        )
    };
    const CLUSTER: &str = "cluster.open-cluster-management.io/backup-cluster";
    let schedule = |id: &str| {
        let text = made_for(
            "Schedule",
            "acm-credentials-schedule",
            ("BackupSchedule", "a"),
        );
        labelled(text, CLUSTER, id)
    };
    let schedules = file("schedules/a.yaml");
    let told = |id: &str| mixed(&[(schedules.as_str(), schedule(id))]);
    assert_eq!(told("aaaa1111"), None);
    assert_eq!(told("unknown"), None);
    assert_eq!(
        told("bbbb2222").unwrap(),
        "ClusterVersion version is of hub aaaa1111, Velero Schedule acm-credentials-schedule is of hub bbbb2222"
    );
    // What Velero wrote on this hub itself, and what it copied here.
    let backups = file("backups/a.yaml");
    let told = |generation: &str| {
        let text = labelled(
            backup("acm-credentials-schedule-20261122160000"),
            CLUSTER,
            "bbbb2222",
        )
        .replace(
            "metadata:\n",
            &format!("metadata:\n  creationTimestamp: \"2026-11-22T16:00:00Z\"\n{generation}"),
        )
        .replace(
            "  phase:",
            "  completionTimestamp: \"2026-11-22T16:00:40Z\"\n  phase:",
        );
        mixed(&[(backups.as_str(), text)])
    };
    assert_eq!(
        told("  generation: 8\n").unwrap(),
        "ClusterVersion version is of hub aaaa1111, Velero Backup acm-credentials-schedule-20261122160000 was written on hub bbbb2222"
    );
    assert_eq!(told("  generation: 1\n"), None);
    assert_eq!(told(""), None, "times alone tell nothing, as clocks differ");
    // A copy of what Velero left elsewhere before it wrote when it ended.
    let endless = labelled(
        backup("acm-credentials-schedule-20261122160000"),
        CLUSTER,
        "bbbb2222",
    )
    .replace("metadata:\n", "metadata:\n  generation: 1\n")
    .replace("Completed", "PartiallyFailed");
    assert_eq!(mixed(&[(backups.as_str(), endless)]), None);
    // The hub itself among its clusters, by whatever name.
    let clusters =
        "cluster-scoped-resources/cluster.open-cluster-management.io/managedclusters/hub-b.yaml";
    let text = "apiVersion: cluster.open-cluster-management.io/v1\nkind: ManagedCluster\nmetadata:\n  labels:\n    clusterID: bbbb2222\n    local-cluster: \"true\"\n  name: hub-b\nstatus: {}\n";
    assert_eq!(
        mixed(&[(clusters, text.to_owned())]).unwrap(),
        "ClusterVersion version is of hub aaaa1111, ManagedCluster hub-b is of hub bbbb2222"
    );
    assert_eq!(
        mixed(&[(clusters, text.replace("\"true\"", "\"false\""))]),
        None
    );
    // Made for two objects of one name.
    let restore = |name: &str, uid: &str| {
        made_for("Restore", name, ("Restore", "sync")).replace(
            "  - kind: Restore\n",
            &format!("  - apiVersion: cluster.open-cluster-management.io/v1beta1\n    kind: Restore\n    uid: {uid}\n"),
        )
    };
    let (one, other) = (file("restores/a.yaml"), file("restores/b.yaml"));
    let told = |uid: &str| {
        mixed(&[
            (one.as_str(), restore("a", "x1")),
            (other.as_str(), restore("b", uid)),
        ])
    };
    assert_eq!(told("x1"), None);
    // One of an owner that was made anew since, which its finalizer holds back.
    let held = restore("b", "x2").replace(
        "  name: b\n",
        "  deletionTimestamp: \"2026-11-22T15:00:00Z\"\n  name: b\n",
    );
    let held = [(one.as_str(), restore("a", "x1")), (other.as_str(), held)];
    assert_eq!(mixed(&held), None);
    assert_eq!(
        told("x2").unwrap(),
        "Velero Restore a and Velero Restore b were made for two objects that are both Restore sync"
    );
}

#[test]
fn an_active_hub_that_waits_as_well_is_two() {
    let told = |phase: &str, created: &str| {
        let object = |kind: &str, spec: &str, phase: &str| {
            format!(
                "apiVersion: cluster.open-cluster-management.io/v1beta1\nkind: {kind}\nmetadata:\n  creationTimestamp: \"2026-11-22T{created}Z\"\n  name: a\nspec:\n{spec}status:\n  phase: {phase}\n"
            )
        };
        let sync = "  syncRestoreWithNewBackups: true\n  veleroManagedClustersBackupName: skip\n";
        let (schedules, restores) = (
            format!("{ACM}/backupschedules/a.yaml"),
            format!("{ACM}/restores/a.yaml"),
        );
        mixed(&[
            (
                schedules.as_str(),
                object("BackupSchedule", "  veleroSchedule: 0 * * * *\n", phase),
            ),
            (restores.as_str(), object("Restore", sync, "Enabled")),
        ])
    };
    assert_eq!(
        told("Enabled", "10:00:00").unwrap(),
        "BackupSchedule a is Enabled and Restore a is Enabled, of which an operator ends one"
    );
    assert_eq!(told("FailedValidation", "10:00:00"), None);
    assert_eq!(told("Enabled", "16:20:00"), None, "it has not looked yet");
}

#[test]
fn a_directory_that_was_filled_again_is_refused() {
    let dir = Scratch::new("filled-again");
    dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
    dir.write(
        "timestamp",
        &format!(
            "{TIMES}2026-11-22 16:30:00 +0000 UTC m=+0.1\n2026-11-22 16:30:05 +0000 UTC m=+5.1\n"
        ),
    );
    let refused = |dir: &Scratch| {
        let directory = Directory::open(&dir.0).unwrap();
        let collected = directory.collect("none", &status::needs().collect());
        collected.err().map(|error| {
            error
                .to_string()
                .replace(&dir.0.display().to_string(), "DIR")
        })
    };
    assert_eq!(
        refused(&dir).unwrap(),
        format!(
            "DIR was filled 2 times (2026-11-22 16:22:47Z, 2026-11-22 16:30:00Z), and nothing in it tells that it was of one hub each time; collect all anew, into an empty directory: {}",
            inspect()
        )
    );
    // An image of must-gather collects kind by kind.
    dir.write("gather.logs", "");
    assert_eq!(refused(&dir), None);
    // What it was copied into was filled twice, whichever of the two is pointed at.
    let again = fs::read_to_string(dir.0.join("timestamp")).unwrap();
    let above = Scratch::new("filled-again-above");
    above.write(&format!("image/{ACM}/restores.yaml"), NO_RESTORES);
    above.write("image/gather.logs", "");
    above.write("image/timestamp", &again);
    let image = Scratch(above.0.join("image"));
    above.write("timestamp", TIMES);
    assert_eq!(refused(&above), None);
    assert_eq!(refused(&image), None);
    above.write("timestamp", &again);
    assert!(refused(&above).unwrap().contains("was filled 2 times"));
    assert!(refused(&image).unwrap().contains("was filled 2 times"));
}

/// Several images of one must-gather may look at an object at different times.
#[test]
fn of_an_object_that_is_there_twice_the_last_state_counts() {
    let dir = Scratch::new("twice");
    dir.write("timestamp", TIMES);
    let state = |image: &str, version: &str, phase: &str, uid: &str| {
        let text = backup("c")
            .replace(
                "metadata:\n",
                &format!("metadata:\n  resourceVersion: \"{version}\"\n  uid: {uid}\n"),
            )
            .replace("Completed", phase);
        dir.write(&format!("{image}/{VELERO}/backups/c.yaml"), &text);
    };
    for (first, second) in [
        (("9", "InProgress"), ("10", "Completed")),
        (("10", "Completed"), ("9", "InProgress")),
    ] {
        state("image-a", first.0, first.1, "u1");
        state("image-b", second.0, second.1, "u1");
        let collected = dir.collect();
        assert_eq!(collected.snapshot.backups.items()[0].phase, "Completed");
    }
    state("image-b", "11", "Completed", "u2");
    let directory = Directory::open(&dir.0).unwrap();
    let error = directory
        .collect("open-cluster-management-backup", &status::needs().collect())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("wrote: backups.velero.io c is there twice, with two uids"),
        "{error}"
    );
}

#[test]
fn a_timestamp_that_is_older_than_what_was_collected_is_of_another_time() {
    let dir = Scratch::new("old-timestamp");
    dir.write("timestamp", TIMES);
    for (created, is_of_it) in [("16:32:00", true), ("16:33:00", false)] {
        let text = backup("c").replace(
            "metadata:\n",
            &format!("metadata:\n  creationTimestamp: \"2026-11-22T{created}Z\"\n"),
        );
        dir.write(&format!("{VELERO}/backups/c.yaml"), &text);
        let collected = dir.collect();
        assert_eq!(matches!(collected.clock, Clock::TimestampFile(_)), is_of_it);
        assert_eq!(collected.snapshot.now.latest().is_some(), is_of_it);
    }
}

#[test]
fn hubs_further_down_are_named() {
    let dir = Scratch::new("deeper");
    for id in ["aaaa1111", "bbbb2222"] {
        let root = format!("image/clusters/{id}");
        dir.write(&format!("{root}/{VELERO}/backups/c.yaml"), &backup("c"));
        dir.write(&format!("{root}/{VERSION}"), &version(id));
    }
    assert_eq!(
        refused(&dir),
        "DIR holds no hub in itself or one level down, but deeper: image/clusters/aaaa1111 (hub aaaa1111), image/clusters/bbbb2222 (hub bbbb2222); point --from at one of them"
    );
}

#[test]
fn a_large_list_is_not_refused() {
    let dir = Scratch::new("large");
    let labels: String = (0..40).map(|label| format!("    l{label}: x\n")).collect();
    let items: Vec<_> = (0..3_500)
        .map(|number| {
            format!("apiVersion: velero.io/v1\nkind: BackupStorageLocation\nmetadata:\n  labels:\n{labels}  name: b{number}\n")
        })
        .collect();
    dir.write(
        &format!("{VELERO}/backupstoragelocations.yaml"),
        &list("BackupStorageLocationList", &items),
    );
    let locations = dir.collect().snapshot.storage_locations;
    assert_eq!(locations.items().len(), 3_500);
}

#[test]
fn what_is_no_hub_is_refused_with_the_way_out() {
    let dir = Scratch::new("no-hub");
    assert!(refused(&dir).ends_with(&inspect()), "{}", refused(&dir));
    dir.write("plain", "");
    for (path, told) in [("gone", "gone: "), ("plain", "plain: ")] {
        let error = Directory::open(&dir.0.join(path)).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    // What `oc adm inspect ns/NAME` leaves.
    dir.write(
        "namespaces/open-cluster-management-backup/core/pods.yaml",
        "",
    );
    assert_eq!(
        refused(&dir),
        format!(
            "DIR holds nothing that this hub's backups could be judged by, but namespace open-cluster-management-backup (core); collect it with: {}",
            inspect()
        )
    );
}

/// The command collects exactly what is read: whoever runs it can be told everything.
#[test]
fn the_command_that_collects_names_what_is_read() {
    let command = inspect();
    let words: Vec<_> = command.split(' ').collect();
    let ["oc", "adm", "inspect", kinds, "-A", "--dest-dir", "DIR"] = words.as_slice() else {
        panic!("{command}");
    };
    let named: BTreeSet<_> = kinds.split(',').collect();
    let read: BTreeSet<_> = status::needs()
        .filter_map(|need| filed_of(&need))
        .map(|kind| kind.resource.name)
        .collect();
    assert_eq!(named, read);
}

/// A run of this hub, each backup in a file of its own, but for the types left out.
fn write_run(dir: &Scratch, stamp: &str, expires: &str, without: &[&str]) {
    for kind in acm_backup_domain::kinds::backup::BackupType::DATA {
        let name = format!("{}-{stamp}", kind.schedule_name());
        if !without.contains(&kind.label()) {
            let text = own(&backup(&name), expires);
            dir.write(&format!("{VELERO}/backups/{name}.yaml"), &text);
        }
    }
}

/// A backup that this hub wrote, with the day on which it expires.
fn own(backup: &str, expires: &str) -> String {
    backup
        .replace(
            "metadata:\n",
            "metadata:\n  labels:\n    cluster.open-cluster-management.io/backup-cluster: aaaa1111\n",
        )
        .replace(
            "status:\n",
            &format!("status:\n  expiration: \"2026-11-{expires}T16:00:00Z\"\n"),
        )
}

/// What is said to be lost, of objects with a file each.
fn lost(files: &[(&str, String)], fact: impl Fn(&Snapshot) -> Option<Missing>) -> Option<String> {
    let dir = Scratch::new("lost-one");
    dir.write(VERSION, &version("aaaa1111"));
    dir.write("timestamp", TIMES);
    for (file, text) in files {
        dir.write(file, text);
    }
    fact(&dir.collect().snapshot).map(|missing| missing.to_string())
}

/// An object that was made for another.
fn made_for(kind: &str, name: &str, owner: (&str, &str)) -> String {
    format!(
        "apiVersion: velero.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n  ownerReferences:\n  - kind: {}\n    name: {}\nspec:\n  paused: false\nstatus:\n  lastBackup: \"2026-11-22T16:00:00Z\"\n  phase: Enabled\n  startTimestamp: \"2026-11-22T16:00:00Z\"\n",
        owner.0, owner.1
    )
}

#[test]
fn what_others_were_made_for_is_missed() {
    let bsch = |name: &str| {
        format!(
            "apiVersion: cluster.open-cluster-management.io/v1beta1\nkind: BackupSchedule\nmetadata:\n  name: {name}\nstatus:\n  phase: Enabled\n"
        )
    };
    let schedules = |without: Option<&str>| -> Vec<(String, String)> {
        acm_backup_domain::kinds::backup::BackupType::ALL
            .iter()
            .map(|kind| kind.schedule_name())
            .filter(|name| Some(*name) != without)
            .map(|name| {
                let text = made_for("Schedule", name, ("BackupSchedule", "a"));
                (format!("{VELERO}/schedules/{name}.yaml"), text)
            })
            .collect()
    };
    let there = |schedule: &str, without: Option<&str>| {
        let mut files = vec![(
            format!("{ACM}/backupschedules/{schedule}.yaml"),
            bsch(schedule),
        )];
        files.extend(schedules(without));
        files
    };
    let told = |files: Vec<(String, String)>, fact: &dyn Fn(&Snapshot) -> Option<Missing>| {
        let files: Vec<_> = files
            .iter()
            .map(|(file, text)| (file.as_str(), text.clone()))
            .collect();
        lost(&files, fact)
    };
    let of_schedules = |s: &Snapshot| s.backup_schedules.get().err().cloned();
    let of_velero = |s: &Snapshot| s.velero_schedules.get().err().cloned();
    assert_eq!(told(there("a", None), &of_schedules), None);
    assert_eq!(told(there("a", None), &of_velero), None);
    assert_eq!(
        told(there("b", None), &of_schedules).unwrap(),
        "cluster.open-cluster-management.io/backupschedules: no file of a, which acm-credentials-schedule was made for"
    );
    assert_eq!(
        told(there("a", Some("acm-resources-schedule")), &of_velero).unwrap(),
        "velero.io/schedules: no file of acm-resources-schedule, which the operator makes for BackupSchedule a with the others"
    );
    let restore = vec![
        (
            format!("{ACM}/restores/b.yaml"),
            bsch("b").replace("BackupSchedule", "Restore"),
        ),
        (
            format!("{VELERO}/restores/a-1.yaml"),
            made_for("Restore", "a-1", ("Restore", "a")),
        ),
    ];
    assert_eq!(
        told(restore, &|s| s.restores.get().err().cloned()).unwrap(),
        "cluster.open-cluster-management.io/restores: no file of a, which a-1 was made for"
    );
}

#[test]
fn a_location_that_a_backup_is_in_is_missed() {
    let location = "apiVersion: velero.io/v1\nkind: BackupStorageLocation\nmetadata:\n  name: dpa-1\nstatus:\n  phase: Available\n";
    let told = |name: &str| {
        let backup = backup("a").replace(
            "status:\n",
            &format!("spec:\n  storageLocation: {name}\nstatus:\n"),
        );
        let (backups, locations) = (
            format!("{VELERO}/backups/a.yaml"),
            format!("{VELERO}/backupstoragelocations/dpa-1.yaml"),
        );
        let files = [
            (backups.as_str(), backup),
            (locations.as_str(), location.to_owned()),
        ];
        lost(&files, |s| s.storage_locations.get().err().cloned())
    };
    assert_eq!(told("dpa-1"), None);
    assert_eq!(
        told("dpa-2").unwrap(),
        "velero.io/backupstoragelocations: no file of dpa-2, which backup a is in"
    );
}

#[test]
fn a_location_that_was_given_up_with_old_backups_in_it_is_not_missed() {
    const OLD: &str = "acm-credentials-schedule-20261122150000";
    const NEW: &str = "acm-credentials-schedule-20261122160000";
    let location = "apiVersion: velero.io/v1\nkind: BackupStorageLocation\nmetadata:\n  name: dpa-1\nstatus:\n  phase: Available\n";
    let at = |name: &str, place: &str| {
        own(&backup(name), "27").replace(
            "status:\n",
            &format!("spec:\n  storageLocation: {place}\nstatus:\n"),
        )
    };
    let is_missed = |old: String, new: Option<String>| {
        let file = |name: &str| format!("{VELERO}/backups/{name}.yaml");
        let (old_file, new_file) = (file(OLD), file(NEW));
        let location_file = format!("{VELERO}/backupstoragelocations/dpa-1.yaml");
        let mut files = vec![
            (location_file.as_str(), location.to_owned()),
            (old_file.as_str(), old),
        ];
        files.extend(new.map(|text| (new_file.as_str(), text)));
        lost(&files, |s| s.storage_locations.get().err().cloned()).is_some()
    };
    let gone = at(OLD, "dpa-2");
    assert!(is_missed(gone.clone(), None));
    assert!(is_missed(at(OLD, "dpa-1"), Some(at(NEW, "dpa-2"))));
    assert!(!is_missed(gone.clone(), Some(at(NEW, "dpa-1"))));
    assert!(!is_missed(gone.replace("11-27T", "11-22T"), None));
    let undeletable = gone.replace(
        "  labels:\n",
        "  labels:\n    velero.io/gc-failure: BSLNotFound\n",
    );
    assert!(!is_missed(undeletable, None));
}

#[test]
fn a_backup_that_its_schedule_notes_is_missed_but_not_one_that_was_left_out() {
    let dir = Scratch::new("noted");
    dir.write(VERSION, &version("aaaa1111"));
    dir.write("timestamp", TIMES);
    write_run(&dir, "20261122150000", "27", &[]);
    let schedule = |at: &str| {
        made_for(
            "Schedule",
            "acm-credentials-schedule",
            ("BackupSchedule", "a"),
        )
        .replace("2026-11-22T16:00:00Z", at)
    };
    let file = format!("{VELERO}/schedules/acm-credentials-schedule.yaml");
    for (at, known) in [
        ("2026-11-22T15:00:00Z", true),
        ("2026-11-22T16:00:00Z", false),
        // It may have been made after the backups were listed.
        ("2026-11-22T16:22:00Z", true),
    ] {
        dir.write(&file, &schedule(at));
        assert_eq!(
            dir.collect().snapshot.backups.value().is_some(),
            known,
            "{at}"
        );
    }
    // Left out of a run, as the one before it still went on.
    let dir = Scratch::new("left-out");
    dir.write(VERSION, &version("aaaa1111"));
    dir.write("timestamp", TIMES);
    write_run(&dir, "20261122150000", "27", &[]);
    write_run(&dir, "20261122160000", "27", &["credentials"]);
    assert!(dir.collect().snapshot.backups.value().is_none());
    let busy = "acm-credentials-schedule-20261122150000";
    let text = own(&backup(busy), "27").replace(
        "status:\n",
        "status:\n  completionTimestamp: \"2026-11-22T16:05:00Z\"\n",
    );
    dir.write(&format!("{VELERO}/backups/{busy}.yaml"), &text);
    assert!(dir.collect().snapshot.backups.value().is_some());
}

#[test]
fn a_cluster_of_which_other_things_were_collected_is_missed() {
    let cluster = "apiVersion: cluster.open-cluster-management.io/v1\nkind: ManagedCluster\nmetadata:\n  name: spoke-1\nstatus: {}\n";
    let told = |namespace: &str| {
        let addon = format!(
            "namespaces/{namespace}/addon.open-cluster-management.io/managedclusteraddons/a.yaml"
        );
        let clusters = "cluster-scoped-resources/cluster.open-cluster-management.io/managedclusters/spoke-1.yaml";
        let files = [
            (addon.as_str(), String::new()),
            (clusters, cluster.to_owned()),
        ];
        lost(&files, |s| s.managed_clusters.get().err().cloned())
    };
    assert_eq!(told("spoke-1"), None);
    assert_eq!(
        told("spoke-2").unwrap(),
        "cluster.open-cluster-management.io/managedclusters: no file of spoke-2, whose namespace holds what a cluster's does"
    );
}

#[test]
fn a_cluster_that_was_detached_is_not_missed_while_its_namespace_goes() {
    const GOES: &str = "  deletionTimestamp: \"2026-11-22T15:00:00Z\"\n";
    let object = |kind: &str, name: &str, deleted: &str, status: &str| {
        format!("---\napiVersion: v1\nkind: {kind}\nmetadata:\n{deleted}  name: {name}\n{status}")
    };
    let is_missed = |namespace: Option<String>, addons: &[String]| {
        let dir = Scratch::new("detached");
        dir.write(
            "cluster-scoped-resources/cluster.open-cluster-management.io/managedclusters/spoke-1.yaml",
            "apiVersion: cluster.open-cluster-management.io/v1\nkind: ManagedCluster\nmetadata:\n  name: spoke-1\nstatus: {}\n",
        );
        if let Some(namespace) = namespace {
            dir.write("namespaces/edge-9/edge-9.yaml", &namespace);
        }
        for (number, text) in addons.iter().enumerate() {
            dir.write(
                &format!("namespaces/edge-9/addon.open-cluster-management.io/managedclusteraddons/{number}.yaml"),
                text,
            );
        }
        dir.collect().snapshot.managed_clusters.value().is_none()
    };
    let addon = |deleted: &str| object("ManagedClusterAddOn", "a", deleted, "");
    let terminating = "status:\n  phase: Terminating\n";
    let namespace = |deleted, status| Some(object("Namespace", "edge-9", deleted, status));
    assert!(is_missed(namespace("", ""), &[addon("")]));
    assert!(!is_missed(namespace("", terminating), &[addon("")]));
    assert!(!is_missed(namespace(GOES, ""), &[addon("")]));
    assert!(!is_missed(None, &[addon(GOES), addon(GOES)]));
    assert!(is_missed(None, &[addon(GOES), addon("")]));
    assert!(is_missed(None, &[addon(GOES), "x".to_owned()]));
}

#[test]
fn a_namespace_of_which_one_kind_was_asked_for_was_not_collected() {
    let dir = Scratch::new("kind-of-namespace");
    dir.write(&format!("{ACM}/restores.yaml"), NO_RESTORES);
    let core = |kind: &str| {
        let file = format!("namespaces/open-cluster-management-backup/core/{kind}.yaml");
        dir.write(&file, "");
    };
    core("pods");
    assert!(matches!(
        dir.collect().snapshot.guard_label.get(),
        Err(Missing::NotCollected { .. })
    ));
    core("configmaps");
    core("events");
    assert!(matches!(
        dir.collect().snapshot.guard_label.get(),
        Err(Missing::BrokenFile { .. })
    ));
}

/// What is said of the backups of some runs: the time of each, and the types that are not in it.
fn of_runs(
    runs: &[(&str, &[&str])],
    expires: &str,
    id: &str,
    more: impl Fn(&Scratch),
) -> Result<(), String> {
    let dir = Scratch::new("lost-backup");
    dir.write(VERSION, &version(id));
    dir.write("timestamp", TIMES);
    for (time, without) in runs {
        write_run(&dir, &format!("20261122{time}"), expires, without);
    }
    more(&dir);
    let collected = dir.collect();
    let backups = collected.snapshot.backups.get();
    backups.map(|_| ()).map_err(ToString::to_string)
}

fn of_run(time: &str) -> Result<(), String> {
    Err(format!(
        "velero.io/backups: no file of the credentials backup of 2026-11-22 {time}Z, whose others are there"
    ))
}

#[test]
fn a_file_lost_out_of_the_newest_whole_run_or_a_later_one_is_missed() {
    const LACKS: &[&str] = &["credentials"];
    let known = |runs: &[(&str, &[&str])], expires, id| of_runs(runs, expires, id, |_| ());
    let newest: &[(&str, &[&str])] = &[("150000", &[]), ("160000", LACKS)];
    assert_eq!(known(newest, "27", "aaaa1111"), of_run("16:00:00"));
    let only: &[(&str, &[&str])] = &[("150000", LACKS), ("162000", LACKS)];
    assert_eq!(known(only, "27", "aaaa1111"), of_run("15:00:00"));
    assert_eq!(
        known(&[("150000", &[]), ("160000", &[])], "27", "aaaa1111"),
        Ok(())
    );
    // The validation backup of each run expires within the hour, and tells nothing of the others.
    let validation = |dir: &Scratch| {
        let name = "acm-validation-policy-schedule-20261122160000";
        let text = own(&backup(name), "22");
        dir.write(&format!("{VELERO}/backups/{name}.yaml"), &text);
    };
    assert_eq!(
        of_runs(newest, "27", "aaaa1111", validation),
        of_run("16:00:00")
    );
    // The newest is being made, an expired one being deleted, and of another hub's only what went well comes here.
    assert_eq!(
        known(&[("150000", &[]), ("162000", LACKS)], "27", "aaaa1111"),
        Ok(())
    );
    assert_eq!(known(newest, "22", "aaaa1111"), Ok(()));
    assert_eq!(known(newest, "27", "bbbb2222"), Ok(()));
}

#[test]
fn a_run_that_was_never_whole_or_decides_nothing_is_no_lost_file() {
    const FIRST: &[&str] = &["credentials", "managed-clusters"];
    const REST: &[&str] = &["resources-generic", "resources"];
    let known = |runs: &[(&str, &[&str])]| of_runs(runs, "27", "aaaa1111", |_| ());
    // One was deleted out of an old run.
    assert_eq!(
        known(&[("150000", &["credentials"]), ("160000", &[])]),
        Ok(())
    );
    // Velero began anew in the middle of a run, and made the rest of it later.
    assert_eq!(
        known(&[("150000", &[]), ("160000", REST), ("160700", FIRST)]),
        Ok(())
    );
    let newest: &[(&str, &[&str])] = &[("150000", &[]), ("160000", &["credentials"])];
    let with = |more: &dyn Fn(&Scratch)| of_runs(newest, "27", "aaaa1111", more);
    assert_eq!(with(&|_| ()), of_run("16:00:00"));
    // The BackupSchedule was deleted in the middle of it, with the Velero Schedules.
    let schedules = format!("{VELERO}/schedules.yaml");
    assert_eq!(
        with(&|dir| dir.write(&schedules, &list("ScheduleList", &[]))),
        Ok(())
    );
    let schedule = made_for(
        "Schedule",
        "acm-credentials-schedule",
        ("BackupSchedule", "a"),
    )
    .replace("2026-11-22T16:00:00Z", "2026-11-22T15:00:00Z");
    assert_eq!(
        with(&|dir| dir.write(
            &schedules,
            &list("ScheduleList", std::slice::from_ref(&schedule))
        )),
        of_run("16:00:00")
    );
    let change = |dir: &Scratch, change: &dyn Fn(&str) -> String| {
        for kind in ["managed-clusters", "resources", "resources-generic"] {
            let file = format!("{VELERO}/backups/acm-{kind}-schedule-20261122160000.yaml");
            let text = fs::read_to_string(dir.0.join(&file)).unwrap();
            dir.write(&file, &change(&text));
        }
    };
    // None of it holds anything.
    assert_eq!(
        with(&|dir| change(dir, &|text| text.replace("Completed", "Failed"))),
        Ok(())
    );
    // Copied here after this hub was installed anew, as far as it went well.
    let copied = |text: &str| {
        text.replace(
            "metadata:\n",
            "metadata:\n  creationTimestamp: \"2026-11-22T16:15:00Z\"\n  generation: 1\n",
        )
        .replace(
            "status:\n",
            "status:\n  completionTimestamp: \"2026-11-22T16:05:00Z\"\n",
        )
    };
    assert_eq!(with(&|dir| change(dir, &copied)), Ok(()));
}

#[test]
fn a_velero_restore_that_a_sync_names_and_that_has_no_file_is_missed() {
    let dir = Scratch::new("lost-restore");
    let sync = "apiVersion: cluster.open-cluster-management.io/v1beta1\nkind: Restore\nmetadata:\n  name: sync\nspec:\n  syncRestoreWithNewBackups: true\n  veleroManagedClustersBackupName: skip\nstatus:\n  phase: Enabled\n  veleroCredentialsRestoreName: sync-a\n  veleroResourcesRestoreName: sync-b\n";
    let restore = |name: &str| backup(name).replace("kind: Backup", "kind: Restore");
    dir.write(&format!("{ACM}/restores/sync.yaml"), sync);
    dir.write(
        &format!("{VELERO}/restores/sync-a.yaml"),
        &restore("sync-a"),
    );
    let told = || {
        let restores = dir.collect().snapshot.velero_restores;
        restores.get().err().map(ToString::to_string)
    };
    // Velero deleted it with its backup, which expired on a dead hub.
    dir.write(&format!("{VELERO}/backups/a.yaml"), &backup("a"));
    assert_eq!(told(), None);
    dir.write(&format!("{VELERO}/backups/b.yaml"), &backup("b"));
    assert_eq!(
        told().unwrap(),
        "velero.io/restores: no file of sync-b, which Restore sync names"
    );
    dir.write(
        &format!("{VELERO}/restores/sync-b.yaml"),
        &restore("sync-b"),
    );
    assert_eq!(dir.collect().snapshot.velero_restores.items().len(), 2);
    // A list has all there are: one that is not in it is gone on the hub.
    fs::remove_dir_all(dir.0.join(VELERO)).unwrap();
    dir.write(
        &format!("{VELERO}/restores.yaml"),
        &list("RestoreList", &[restore("sync-a")]),
    );
    assert_eq!(dir.collect().snapshot.velero_restores.items().len(), 1);
}
