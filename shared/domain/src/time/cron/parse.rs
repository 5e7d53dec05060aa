//! `ParseStandard`: zone prefix, then descriptor or five fields.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::field::{Bits, DAYS_OF_MONTH, DAYS_OF_WEEK, HOURS, MINUTES, MONTHS, field};
use super::{CronError, Fields, Plan, zone};
use crate::time::duration::GoDuration;

pub(super) fn plan(expression: &str) -> Result<Plan, CronError> {
    if expression.is_empty() {
        return Err(CronError::Empty);
    }
    let (zone, expression) = split_zone(expression)?;
    if expression.starts_with('@') {
        return descriptor(expression, zone);
    }
    let texts: Vec<&str> = expression.split_whitespace().collect();
    let &[minute, hour, day_of_month, month, day_of_week] = texts.as_slice() else {
        return Err(CronError::FieldCount {
            fields: texts.into_iter().map(str::to_owned).collect(),
        });
    };
    Ok(Plan::Calendar {
        fields: Fields {
            minute: field(minute, &MINUTES)?,
            hour: field(hour, &HOURS)?,
            day_of_month: field(day_of_month, &DAYS_OF_MONTH)?,
            month: field(month, &MONTHS)?,
            day_of_week: field(day_of_week, &DAYS_OF_WEEK)?,
        },
        zone,
    })
}

/// The zone named in front and the rest. Only behind a prefix is the rest trimmed:
/// `" @daily"` is one field, not a descriptor.
fn split_zone(expression: &str) -> Result<(Option<TimeZone>, &str), CronError> {
    let Some(named) = expression
        .strip_prefix("TZ=")
        .or_else(|| expression.strip_prefix("CRON_TZ="))
    else {
        return Ok((None, expression));
    };
    let (name, rest) = named.split_once(' ').ok_or(CronError::ZoneAlone)?;
    Ok((zone::load(name)?, rest.trim()))
}

fn descriptor(text: &str, zone: Option<TimeZone>) -> Result<Plan, CronError> {
    let hourly = Fields {
        minute: Bits::only(0),
        hour: Bits::all(&HOURS),
        day_of_month: Bits::all(&DAYS_OF_MONTH),
        month: Bits::all(&MONTHS),
        day_of_week: Bits::all(&DAYS_OF_WEEK),
    };
    let daily = Fields {
        hour: Bits::only(0),
        ..hourly.clone()
    };
    let monthly = Fields {
        day_of_month: Bits::only(1),
        ..daily.clone()
    };
    let fields = match text {
        "@hourly" => hourly,
        "@daily" | "@midnight" => daily,
        "@weekly" => Fields {
            day_of_week: Bits::only(0),
            ..daily
        },
        "@monthly" => monthly,
        "@yearly" | "@annually" => Fields {
            month: Bits::only(1),
            ..monthly
        },
        _ => return every(text),
    };
    Ok(Plan::Calendar { fields, zone })
}

/// `@every`: at least a second, and whole seconds.
fn every(text: &str) -> Result<Plan, CronError> {
    let Some(delay) = text.strip_prefix("@every ") else {
        return Err(CronError::UnknownDescriptor {
            descriptor: text.to_owned(),
        });
    };
    let delay: GoDuration = delay.parse().map_err(|source| CronError::BadDelay {
        descriptor: text.to_owned(),
        source,
    })?;
    let seconds = SignedDuration::from(delay).as_secs().max(1);
    Ok(Plan::Every(SignedDuration::from_secs(seconds)))
}
