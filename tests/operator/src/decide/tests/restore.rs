use serde_json::json;

use super::*;
use crate::cleanup_rule::Kinds;
use crate::write::Again;

fn names(pass: &Pass) -> Vec<String> {
    created(pass, Kind::VeleroRestore)
}

fn spec_of(pass: &Pass, ending: &str) -> Value {
    let spec = pass.writes.iter().find_map(|write| match write {
        Write::Create(object)
            if Kind::of(object) == Some(Kind::VeleroRestore)
                && crate::object::name(object).ends_with(ending) =>
        {
            Some(object["spec"].clone())
        }
        _ => None,
    });
    spec.unwrap_or_else(|| panic!("no {ending} in {:?}", names(pass)))
}

fn first_pass(fields: Value, version: &str) -> Pass {
    let mut world = world();
    put_set(&mut world);
    world.put(passive(fields));
    look_restore(&world, version)
}

#[test]
fn latest_is_the_backup_that_started_last_whatever_its_name_says() {
    let mut world = world();
    put_set(&mut world);
    world.put(backup(
        "acm-resources-schedule",
        "20261122140000",
        "2026-11-22T15:30:00Z",
        "other",
    ));
    let mut unfinished = backup(
        "acm-resources-schedule",
        "20261122155000",
        "2026-11-22T15:50:00Z",
        "other",
    );
    unfinished["status"]["phase"] = json!("InProgress");
    world.put(unfinished);
    world.put(passive(json!({})));
    assert!(
        names(&look_restore(&world, "2.17"))
            .contains(&"r-acm-resources-schedule-20261122140000".to_owned())
    );
}

#[test]
fn a_named_resources_backup_brings_the_generic_one_of_its_time_or_none_without_a_word() {
    let mut world = world();
    put_set(&mut world);
    world.put(backup(
        "acm-resources-schedule",
        "20261122160114",
        "2026-11-22T16:01:14Z",
        "other",
    ));
    world.put(backup(
        "acm-resources-generic-schedule",
        "20261122160014",
        "2026-11-22T16:05:31Z",
        "other",
    ));
    for (named, generic) in [
        (
            "acm-resources-schedule-20261122150000",
            Some("r-acm-resources-generic-schedule-20261122150000"),
        ),
        ("acm-resources-schedule-20261122160114", None),
    ] {
        world.put(passive(
            json!({"spec": {"veleroResourcesBackupName": named}}),
        ));
        let made = names(&look_restore(&world, "2.17"));
        let found = made.iter().find(|name| name.contains("generic"));
        assert_eq!(found.map(String::as_str), generic, "{named}");
    }
}

#[test]
fn a_capital_letter_skips_the_clusters_and_is_an_activation_all_the_same() {
    let pass = first_pass(
        json!({"spec": {"veleroManagedClustersBackupName": "Skip"}}),
        "2.17",
    );
    let made = names(&pass);
    assert!(!made.iter().any(|name| name.contains("managed-clusters")));
    assert_eq!(
        made.iter().filter(|name| name.ends_with("-active")).count(),
        2
    );
}

#[test]
fn a_restore_of_nothing_is_finished() {
    let skip = json!({"spec": {"veleroCredentialsBackupName": "skip", "veleroResourcesBackupName": "skip"}});
    let pass = first_pass(skip, "2.17");
    assert_eq!(
        said(&pass),
        (
            "Finished".to_owned(),
            "Nothing to do for restore r".to_owned()
        )
    );
}

#[test]
fn a_users_selector_gets_the_split_unless_it_has_the_key_itself() {
    let requirement = json!({"key": "cluster.open-cluster-management.io/backup", "operator": "NotIn", "values": ["cluster-activation"]});
    let own = json!({"key": "cluster.open-cluster-management.io/backup", "operator": "Exists"});
    let split = first_pass(
        json!({"spec": {"labelSelector": {"matchLabels": {"a": "b"}}}}),
        "2.17",
    );
    let selector = &spec_of(&split, "credentials-schedule-20261122150000")["labelSelector"];
    assert_eq!(
        selector,
        &json!({"matchLabels": {"a": "b"}, "matchExpressions": [requirement]})
    );
    let kept = first_pass(
        json!({"spec": {"labelSelector": {"matchExpressions": [own]}}}),
        "2.17",
    );
    let selector = &spec_of(&kept, "credentials-schedule-20261122150000")["labelSelector"];
    assert_eq!(selector, &json!({"matchExpressions": [own]}));
    let either = first_pass(
        json!({"spec": {"orLabelSelectors": [{"matchLabels": {"a": "b"}}]}}),
        "2.17",
    );
    let spec = spec_of(&either, "credentials-schedule-20261122150000");
    assert_eq!(
        spec["orLabelSelectors"],
        json!([{"matchLabels": {"a": "b"}, "matchExpressions": [requirement]}])
    );
    assert_eq!(spec["labelSelector"], Value::Null);
}

#[test]
fn long_names_are_cut_before_the_ending() {
    let mut world = world();
    put_set(&mut world);
    let name = "r".repeat(250);
    let mut restore = passive(json!({"spec": {"veleroManagedClustersBackupName": "latest"}}));
    restore["metadata"]["name"] = json!(name);
    world.put(restore);
    let pass = reconcile_restore(&world, &ObjectName::new(NS, &name), v("2.17"));
    let made = names(&pass);
    assert!(
        made.iter().any(|name| name.len() == 252)
            && made.iter().any(|name| name.len() == 252 + "-active".len())
    );
}

/// A Restore whose Velero Restores all ended in a phase.
fn ended(fields: Value, phase: &str, version: &str) -> Pass {
    let mut world = world();
    put_set(&mut world);
    world.put(passive(fields));
    let first = look_restore(&world, version);
    for write in first.writes {
        match write {
            Write::Create(mut object) if Kind::of(&object) == Some(Kind::VeleroRestore) => {
                object["status"] = json!({"phase": phase});
                world.put(object);
            }
            Write::Status { kind, at, status } => {
                world.get_mut(kind, &at).unwrap()["status"] = status
            }
            _ => {}
        }
    }
    look_restore(&world, version)
}

#[test]
fn the_end_follows_from_velero() {
    let sync = json!({"spec": {"syncRestoreWithNewBackups": true}});
    for (fields, velero, phase) in [
        (json!({}), "Completed", Some("Finished")),
        (json!({}), "PartiallyFailed", Some("FinishedWithErrors")),
        (json!({}), "Failed", Some("Error")),
        (json!({}), "Finalizing", None),
        (sync.clone(), "Completed", Some("Enabled")),
        (sync.clone(), "PartiallyFailed", Some("Enabled")),
        (sync.clone(), "Finalizing", Some("Enabled")),
        (sync.clone(), "Failed", Some("EnabledWithErrors")),
        (sync, "InProgress", Some("Running")),
    ] {
        let pass = ended(fields.clone(), velero, "2.17");
        let told = pass
            .writes
            .iter()
            .any(|write| matches!(write, Write::Status { .. }))
            .then(|| said(&pass).0);
        assert_eq!(told.as_deref(), phase, "{velero} {fields}");
    }
}

#[test]
fn a_cycle_that_ended_says_when_even_if_nothing_is_cleaned_up() {
    let fields =
        json!({"spec": {"syncRestoreWithNewBackups": true, "cleanupBeforeRestore": "None"}});
    let pass = ended(fields, "Completed", "2.17");
    let status = pass.writes.iter().rev().find_map(|write| match write {
        Write::Status { status, .. } => Some(status),
        _ => None,
    });
    assert!(status.unwrap()["completionTimestamp"].is_string());
}

#[test]
fn a_credentials_restore_of_a_passive_hub_cleans_up_but_not_what_is_for_activation() {
    let pass = ended(
        json!({"spec": {"cleanupBeforeRestore": "CleanupRestored"}}),
        "Completed",
        "2.17",
    );
    let rules: Vec<_> = pass
        .writes
        .iter()
        .filter_map(|write| match write {
            Write::CleanUp(rule) => Some(rule),
            _ => None,
        })
        .collect();
    assert_eq!(rules.len(), 3, "credentials, resources, generic");
    let secrets = rules
        .iter()
        .find(|rule| rule.kinds == Kinds::Named(vec!["secret".into(), "configmap".into()]))
        .unwrap();
    let secret = |labels: Value| {
        object(
            Kind::Secret,
            "c1",
            "s",
            json!({"metadata": {"labels": labels}}),
        )
    };
    let typed = "cluster.open-cluster-management.io/type";
    let from = "velero.io/backup-name";
    assert!(secrets.takes(&secret(json!({typed: "aws", from: "an older one"}))));
    assert!(!secrets.takes(&secret(
        json!({typed: "aws", from: "acm-credentials-schedule-20261122150000"})
    )));
    assert!(
        !secrets.takes(&secret(json!({typed: "aws"}))),
        "nobody restored it"
    );
    assert!(
        !secrets.takes(&secret(json!({from: "an older one"}))),
        "not of this backup's kind"
    );
    assert!(
        ended(json!({}), "Completed", "2.17")
            .writes
            .iter()
            .all(|write| !matches!(write, Write::CleanUp(_)))
    );
}

#[test]
fn an_activation_waits_for_volumes() {
    let mut world = world();
    put_set(&mut world);
    world.put(passive(
        json!({"spec": {"veleroManagedClustersBackupName": "latest"}}),
    ));
    let first = look_restore(&world, "2.17");
    assert_eq!(first.again, Some(Again::Waiting));
    for write in first.writes {
        match write {
            Write::Create(mut object) if Kind::of(&object) == Some(Kind::VeleroRestore) => {
                object["status"] = json!({"phase": "Completed"});
                world.put(object);
            }
            Write::Status { kind, at, status } => {
                world.get_mut(kind, &at).unwrap()["status"] = status
            }
            _ => {}
        }
    }
    let map =
        json!({"metadata": {"labels": {"cluster.open-cluster-management.io/backup-pvc": "data"}}});
    world.put(object(Kind::ConfigMap, "app", "volume", map));
    assert_eq!(
        said(&look_restore(&world, "2.17")),
        ("Started".to_owned(), "waiting for PVC data:app".to_owned())
    );
    world.put(object(
        Kind::PersistentVolumeClaim,
        "app",
        "data",
        json!({}),
    ));
    assert_eq!(
        names(&look_restore(&world, "2.17")),
        ["r-acm-managed-clusters-schedule-20261122150000"]
    );
}

#[test]
fn a_deleted_restore_takes_its_velero_restores_along_before_it_goes() {
    let finalizer = "restores.cluster.open-cluster-management.io/finalizer";
    let mut world = world();
    world.put(object(
        Kind::InternalHubComponent,
        "open-cluster-management",
        "cluster-backup",
        json!({}),
    ));
    put_set(&mut world);
    world.put(passive(json!({})));
    let first = look_restore(&world, "2.17");
    let with_finalizer =
        first.writes.iter().filter(|write| matches!(write, Write::Patch { patch, .. } if patch["metadata"]["finalizers"] == json!([finalizer])));
    assert_eq!(with_finalizer.count(), 2, "the component and the Restore");
    for write in first.writes {
        if let Write::Create(object) = write {
            world.put(object);
        }
    }
    let deleted = json!({"metadata": {"finalizers": [finalizer], "deletionTimestamp": NOW}});
    world.put(passive(deleted));
    let pass = look_restore(&world, "2.17");
    assert_eq!(pass.writes.len(), 3);
    assert_eq!(pass.again, Some(Again::Waiting));
    let velero: Vec<_> = world.all(Kind::VeleroRestore).map(ObjectName::of).collect();
    velero
        .iter()
        .for_each(|at| drop(world.remove(Kind::VeleroRestore, at)));
    let last = look_restore(&world, "2.17").writes;
    assert!(
        matches!(last.as_slice(), [Write::Patch { patch, .. }] if patch["metadata"]["finalizers"] == json!([]))
    );
}
