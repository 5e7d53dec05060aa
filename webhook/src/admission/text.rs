//! The texts of a review, each no longer than any real one: they go into the log and into answers.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

use super::review::Malformed;

/// One function for each, to be named in `deserialize_with`; and what tells one that was too long.
macro_rules! texts {
    ($($name:ident: $field:literal, $most:literal;)*) => {
        $(
            pub(super) fn $name<'de, D: Deserializer<'de>>(json: D) -> Result<Cow<'de, str>, D::Error> {
                json.deserialize_str(Short { field: $field, most: $most })
            }
        )*

        /// Which text was too long, if that is what an error says. What was sent never stands first in one.
        pub(super) fn too_long(error: &serde_json::Error) -> Option<Malformed> {
            let told = error.to_string();
            [$(($field, $most)),*]
                .into_iter()
                .find(|(field, most)| told.starts_with(&longer(field, *most)))
                .map(|(field, most)| Malformed::TooLong { field, most })
        }
    };
}

texts! {
    envelope: "apiVersion or kind", 256;
    uid: "request.uid", 256;
    name: "request.name", 1024;
    namespace: "request.namespace", 1024;
    operation: "request.operation", 64;
    sub_resource: "request.subResource", 256;
    of_kind: "request.kind and request.resource", 256;
    username: "request.userInfo.username", 4096;
    user_uid: "request.userInfo.uid", 4096;
}

fn longer(field: &str, most: usize) -> String {
    format!("{field} is longer than {most} bytes")
}

struct Short {
    field: &'static str,
    most: usize,
}

impl Short {
    fn check<E: Error>(&self, text: &str) -> Result<(), E> {
        match text.len() <= self.most {
            true => Ok(()),
            false => Err(E::custom(longer(self.field, self.most))),
        }
    }
}

impl<'de> Visitor<'de> for Short {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        self.check(text)?;
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.check(text)?;
        Ok(Cow::Owned(text.to_owned()))
    }
}
