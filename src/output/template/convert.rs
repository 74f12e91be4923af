//! Turns anything that can be written as JSON into a template's [`Value`].
//!
//! A row derives `Serialize` once; that gives it both its JSON and, through this serialiser, the
//! fields that a template sees, so the two can never have different names.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{self, Serialize, Serializer};

use super::value::{Key, Value};

/// The value of a row, or the reason that its `Serialize` gives for having none.
pub(super) fn to_value(row: &(impl Serialize + ?Sized)) -> Result<Value, Unfit> {
    row.serialize(ToValue)
}

/// Why something has no value: a map whose keys are no strings, or an error of its own.
#[derive(Debug)]
pub(super) struct Unfit(String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

impl ser::Error for Unfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Unfit(message.to_string())
    }
}

struct ToValue;

/// Collects the items of a list, or of a variant that holds one.
struct Items(Option<&'static str>, Vec<Value>);

/// Collects the entries of a map or record.
struct Entries {
    variant: Option<&'static str>,
    next: Key,
    entries: Vec<(Key, Value)>,
}

impl Entries {
    fn new(variant: Option<&'static str>, len: usize) -> Self {
        Entries { variant, next: Key::default(), entries: Vec::with_capacity(len.min(64)) }
    }
}

fn wrap(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(name) => Value::map(vec![(Cow::Borrowed(name), value)]),
        None => value,
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<Value, Unfit> {
            Ok(Value::Int(i128::from(value)))
        })*
    };
}

impl Serializer for ToValue {
    type Ok = Value;
    type Error = Unfit;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    integers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64
    );

    fn serialize_bool(self, value: bool) -> Result<Value, Unfit> {
        Ok(Value::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Result<Value, Unfit> {
        Ok(Value::Float(f64::from(value)))
    }

    fn serialize_f64(self, value: f64) -> Result<Value, Unfit> {
        Ok(Value::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<Value, Unfit> {
        Ok(Value::foreign(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result<Value, Unfit> {
        Ok(Value::foreign(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Value, Unfit> {
        Ok(Value::List(value.iter().map(|&byte| Value::Int(i128::from(byte))).collect()))
    }

    fn serialize_none(self) -> Result<Value, Unfit> {
        Ok(Value::Nil)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Unfit> {
        value.serialize(ToValue)
    }

    fn serialize_unit(self) -> Result<Value, Unfit> {
        Ok(Value::Nil)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Unfit> {
        Ok(Value::Nil)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Unfit> {
        Ok(Value::foreign(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Unfit> {
        value.serialize(ToValue)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Unfit> {
        Ok(wrap(Some(variant), value.serialize(ToValue)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Unfit> {
        Ok(Items(None, Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Unfit> {
        Ok(Items(None, Vec::new()))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Unfit> {
        Ok(Items(None, Vec::new()))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items, Unfit> {
        Ok(Items(Some(variant), Vec::new()))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries, Unfit> {
        Ok(Entries::new(None, len.unwrap_or(0)))
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Entries, Unfit> {
        Ok(Entries::new(None, len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Entries, Unfit> {
        Ok(Entries::new(Some(variant), len))
    }
}

macro_rules! items {
    ($($trait:ident: $method:ident),*) => {
        $(impl ser::$trait for Items {
            type Ok = Value;
            type Error = Unfit;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
                self.1.push(value.serialize(ToValue)?);
                Ok(())
            }

            fn end(self) -> Result<Value, Unfit> {
                Ok(wrap(self.0, Value::List(self.1.into())))
            }
        })*
    };
}

items!(
    SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Entries {
            type Ok = Value;
            type Error = Unfit;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Unfit> {
                self.entries.push((Cow::Borrowed(key), value.serialize(ToValue)?));
                Ok(())
            }

            fn end(self) -> Result<Value, Unfit> {
                Ok(wrap(self.variant, Value::Struct(self.entries.into())))
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Entries {
    type Ok = Value;
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        let key = key.serialize(ToValue)?;
        self.next = match &key {
            Value::Foreign(text) => Cow::Owned(text.as_ref().to_owned()),
            Value::Int(_) | Value::Bool(_) => Cow::Owned(key.to_text().into_owned()),
            _ => return Err(Unfit("a map's key must be a string".to_owned())),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.entries.push((std::mem::take(&mut self.next), value.serialize(ToValue)?));
        Ok(())
    }

    fn end(self) -> Result<Value, Unfit> {
        Ok(wrap(self.variant, Value::map(self.entries)))
    }
}
