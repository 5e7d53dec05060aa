//! Of an object's text, what a judgement asks for and nothing else.
//!
//! Whoever reaches the webhook's port chooses what it reads. As a tree a body takes a hundred times its size;
//! so the text is walked once, what nobody asks for is skipped, and what is kept is bounded. The rest of the
//! program reads what comes out as it reads a whole object.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// What is asked of an object.
#[derive(Debug)]
pub enum Shape {
    /// A text of at most so many bytes, a number, a truth value. Of a list or a map no more than that it is one.
    Leaf(usize),
    /// Some fields of a map.
    Fields(&'static [(&'static str, Shape)]),
}

/// No name of an object has more than 253 bytes.
const LONGEST_NAME: usize = 1024;

/// A name, a phase, anything else that is short.
pub const NAME: Shape = Shape::Leaf(LONGEST_NAME);

/// What a person states about other hubs, in lines.
pub const STATEMENTS: Shape = Shape::Leaf(16 * 1024);

/// What was asked for.
#[derive(Debug, PartialEq)]
pub struct Projection {
    /// It, in the places where the object has it.
    pub object: Value,
    /// The fields whose text is longer than is read. They are cut, to something that is too long as well: it
    /// is never equal to a text that is not.
    pub too_long: Vec<TooLong>,
}

/// A text that is longer than is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// Dotted path, e.g. `spec.veleroManagedClustersBackupName`.
    pub field: String,
    /// How long it may be, in bytes.
    pub most: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, most } = self;
        write!(f, "{field} is longer than {most} bytes")
    }
}

/// Reads of `text`, a JSON object, what `shape` asks for. Of a field that is there twice the last counts.
///
/// # Errors
/// When it is no JSON, or a number in it is none that exists.
pub fn project(text: &str, shape: &Shape) -> serde_json::Result<Projection> {
    let mut too_long = Vec::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let object = Asked {
        shape,
        path: &Path::Root,
        too_long: &mut too_long,
    }
    .deserialize(&mut json)?;
    json.end()?;
    // Of a field that was there twice, too.
    too_long.dedup();
    Ok(Projection { object, too_long })
}

/// Where we are; written out only when there is something to say about it.
enum Path<'a> {
    Root,
    Under(&'a Path<'a>, &'static str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            // Keys that hold dots themselves stand in brackets.
            Self::Under(above, key) if key.contains('.') => write!(f, "{above}[{key}]"),
            Self::Under(Self::Root, key) => f.write_str(key),
            Self::Under(above, key) => write!(f, "{above}.{key}"),
        }
    }
}

struct Asked<'a> {
    shape: &'a Shape,
    path: &'a Path<'a>,
    too_long: &'a mut Vec<TooLong>,
}

impl Asked<'_> {
    fn text(self, text: &str) -> Value {
        let most = match *self.shape {
            Shape::Leaf(most) => most,
            // Something else was asked for; enough of it to be told.
            Shape::Fields(_) => LONGEST_NAME,
        };
        if text.len() <= most {
            return Value::String(text.to_owned());
        }
        if matches!(self.shape, Shape::Leaf(_)) {
            self.too_long.push(TooLong {
                field: self.path.to_string(),
                most,
            });
        }
        let cut = (most.saturating_add(1)..text.len()).find_map(|end| text.get(..end));
        Value::String(cut.unwrap_or(text).to_owned())
    }
}

impl<'de> DeserializeSeed<'de> for Asked<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Asked<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(self.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let fields = match self.shape {
            Shape::Fields(fields) => *fields,
            Shape::Leaf(_) => &[],
        };
        let mut found = Map::new();
        while let Some(field) = map.next_key_seed(Key(fields))? {
            let Some((key, shape)) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value_seed(Asked {
                shape,
                path: &Path::Under(self.path, key),
                too_long: &mut *self.too_long,
            })?;
            found.insert((*key).to_owned(), value);
        }
        Ok(Value::Object(found))
    }
}

type Field = (&'static str, Shape);

/// Which of the fields a key is.
struct Key(&'static [Field]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(name, _)| *name == key))
    }
}
