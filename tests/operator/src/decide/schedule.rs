//! One look at a BackupSchedule, in the operator's order (operator-facts §5).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::collision::Collision;
use super::schedule_status::{self, Verdict, of_velero_schedules, verdict};
use super::velero_schedules::{BACKUP_TYPES, updates, velero_schedule};
use super::{
    collision, exclusion, expired_validation, immediate_backups, labelling, msa, storage, timing,
};
use crate::kinds::Kind;
use crate::object::{self, ObjectName, flag, namespace, text, time};
use crate::version::Version;
use crate::world::World;
use crate::write::{Again, Pass, Write};

/// What the operator would do about a BackupSchedule now.
pub fn reconcile_schedule(world: &World, at: &ObjectName, version: Version) -> Pass {
    let mut pass = Pass {
        writes: expired_validation::clean(world, &at.namespace),
        again: None,
    };
    let Some(owner) = world
        .get(Kind::BackupSchedule, at)
        .filter(|owner| timing::is_readable(owner))
    else {
        return pass;
    };
    if object::is_deleting(owner) || object::phase(owner) == "BackupCollision" {
        return pass;
    }
    if let Some((verdict, again)) = invalid(world, owner, version) {
        pass.writes
            .extend(schedule_status::write(owner, &verdict, &[]));
        pass.again = again;
        return pass;
    }
    let schedules = world.owned(Kind::VeleroSchedule, owner);
    if version.knows_paused() && flag(owner, "/spec/paused") {
        return pause(pass, owner, &schedules, version);
    }
    let collision = collision::detect(world, owner, &schedules, version);
    if schedules.is_empty() || is_prepared_again(world, owner, &schedules) {
        let made = msa::prepare(world, owner, version);
        pass.writes.extend(made.writes);
        if made.created_accounts && !world.resumed {
            return pass.and_again(Again::Resume(msa::SETTLING));
        }
        pass.writes
            .extend(labelling::label_secrets(world, owner, version));
    }
    match collision {
        Some(collision) => collide(pass, owner, &schedules, collision, version),
        None => act(pass, world, owner, &schedules, version),
    }
}

fn invalid(world: &World, owner: &Value, version: Version) -> Option<(Verdict, Option<Again>)> {
    let retry = |message| Some((verdict("FailedValidation", message), Some(Again::Retry)));
    let paused = version.knows_paused() && flag(owner, "/spec/paused");
    if let (false, Some(message)) = (paused, exclusion::active_restore(world, namespace(owner))) {
        return retry(message);
    }
    if let Some(message) = storage::problem_for_schedule(world, namespace(owner)) {
        return retry(message);
    }
    if msa::wanted(owner) && !msa::available(world, version) {
        return retry(
            "UseManagedServiceAccount option cannot be used, managedserviceaccount component is not enabled".to_owned(),
        );
    }
    timing::cron_problem(text(owner, "/spec/veleroSchedule"))
        .map(|message| (verdict("FailedValidation", message), None))
}

/// Labels and accounts are looked after on later passes too, once the schedules have settled (§4.1).
fn is_prepared_again(world: &World, owner: &Value, schedules: &[&Value]) -> bool {
    let age = schedules.first().map_or(SignedDuration::ZERO, |first| {
        world
            .now
            .duration_since(time(first, "/metadata/creationTimestamp").unwrap_or(Timestamp::MIN))
    });
    age > collision::SETTLING && !matches!(object::phase(owner), "" | "New")
}

fn pause(mut pass: Pass, owner: &Value, schedules: &[&Value], version: Version) -> Pass {
    pass.writes.extend(stop(schedules, version));
    let verdict = verdict("Paused", "BackupSchedule is paused.");
    if version.pauses_velero_schedules() {
        pass.writes
            .extend(schedule_status::write(owner, &verdict, schedules));
    } else {
        pass.writes
            .extend(schedule_status::write_without_copies(owner, &verdict));
    }
    pass
}

fn collide(
    mut pass: Pass,
    owner: &Value,
    schedules: &[&Value],
    collision: Collision,
    version: Version,
) -> Pass {
    pass.writes.extend(stop(schedules, version));
    let mut copies: Vec<Value> = schedules.iter().map(|&schedule| schedule.clone()).collect();
    let message = match collision {
        Collision::ForeignBackup(message) => {
            // Only in this one do the copies show the pause (seen in the recordings).
            copies
                .iter_mut()
                .for_each(|schedule| schedule["spec"]["paused"] = json!(true));
            message
        }
        Collision::ActivatedElsewhere(message) => message,
    };
    let verdict = verdict("BackupCollision", message);
    if version.pauses_velero_schedules() {
        pass.writes.extend(schedule_status::write(
            owner,
            &verdict,
            &copies.iter().collect::<Vec<_>>(),
        ));
    } else {
        pass.writes
            .extend(schedule_status::write_without_copies(owner, &verdict));
    }
    pass
}

/// Stops the cron: by pausing since 2.15, by deleting before.
fn stop(schedules: &[&Value], version: Version) -> Vec<Write> {
    if !version.pauses_velero_schedules() {
        return schedules
            .iter()
            .map(|schedule| Write::delete(Kind::VeleroSchedule, schedule))
            .collect();
    }
    schedules
        .iter()
        .filter(|schedule| !flag(schedule, "/spec/paused"))
        .map(|schedule| {
            Write::patch(
                Kind::VeleroSchedule,
                schedule,
                json!({"spec": {"paused": true}}),
            )
        })
        .collect()
}

fn act(
    mut pass: Pass,
    world: &World,
    owner: &Value,
    schedules: &[&Value],
    version: Version,
) -> Pass {
    if schedules.is_empty() {
        return create(pass, world, owner, version);
    }
    if schedules.len() < BACKUP_TYPES.len() {
        pass.writes.extend(
            schedules
                .iter()
                .map(|schedule| Write::delete(Kind::VeleroSchedule, schedule)),
        );
        let verdict = verdict("New", "Velero schedules are initialized");
        pass.writes
            .extend(schedule_status::write(owner, &verdict, &[]));
        return pass.and_again(Again::Healthy);
    }
    for schedule in schedules
        .iter()
        .filter(|schedule| flag(schedule, "/spec/paused"))
    {
        pass.push(Write::patch(
            Kind::VeleroSchedule,
            schedule,
            json!({"spec": {"paused": false}}),
        ));
    }
    pass.writes
        .extend(updates(world, owner, schedules, version));
    pass.writes.extend(schedule_status::write(
        owner,
        &of_velero_schedules(schedules),
        schedules,
    ));
    pass.and_again(Again::Healthy)
}

fn create(mut pass: Pass, world: &World, owner: &Value, version: Version) -> Pass {
    let mut created = Vec::new();
    for kind in BACKUP_TYPES {
        let schedule = velero_schedule(world, owner, kind, version);
        if world
            .get(Kind::VeleroSchedule, &ObjectName::of(&schedule))
            .is_some()
        {
            let message = format!(
                "Velero schedules initialization failed: schedules.velero.io \"{}\" already exists",
                kind.schedule
            );
            pass.writes.extend(schedule_status::write(
                owner,
                &verdict("Failed", message),
                &[],
            ));
            return pass.and_again(Again::Healthy);
        }
        pass.push(Write::Create(schedule.clone()));
        if immediate_backups::wanted(owner) {
            pass.push(Write::Create(immediate_backups::backup(world, &schedule)));
        }
        created.push(schedule);
    }
    let created: Vec<&Value> = created.iter().collect();
    let verdict = verdict("New", "Velero schedules are initialized");
    pass.writes
        .extend(schedule_status::write(owner, &verdict, &created));
    pass.and_again(Again::Healthy)
}
