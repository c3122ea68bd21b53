//! Discord's identifiers (snowflakes), each of a type of its own so that a user can never be taken for a channel.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Timestamp;

macro_rules! snowflakes {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map($name)
            }
        }
        // On the wire Discord writes snowflakes as strings; older payloads and exports also hold numbers.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(SnowflakeVisitor).map($name)
            }
        }
    )+};
}

snowflakes! {
    /// A Discord account.
    UserId,
    /// A Discord server ("guild").
    GuildId,
    /// A channel or thread: every space that can be written or spoken in has one.
    ChannelId,
    /// A message; its upper bits are the time at which Discord made it.
    MessageId,
    /// A role of a server; the `@everyone` role has the server's own number.
    RoleId,
}

/// The beginning of Discord's clock: 2015-01-01T00:00:00Z, in milliseconds since 1970.
const EPOCH_MILLIS: i64 = 1_420_070_400_000;

impl MessageId {
    /// The smallest id that a message of this moment can have: everything written later has a larger one.
    #[must_use]
    pub fn first_of(moment: Timestamp) -> MessageId {
        let millis = moment.as_millis().saturating_sub(EPOCH_MILLIS);
        MessageId(u64::try_from(millis).unwrap_or(0) << 22)
    }

    /// When Discord created the message, in milliseconds of its own clock, as written into the id
    /// (Discord's documentation: snowflake epoch 2015-01-01T00:00:00Z).
    #[must_use]
    pub fn created_millis(self) -> i64 {
        i64::try_from(self.0 >> 22).unwrap_or(i64::MAX).saturating_add(EPOCH_MILLIS)
    }
}

impl GuildId {
    /// The `@everyone` role of this server.
    #[must_use]
    pub fn everyone(self) -> RoleId {
        RoleId(self.0)
    }
}

struct SnowflakeVisitor;

impl serde::de::Visitor<'_> for SnowflakeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a Discord id: digits in a string, or a number")
    }
    fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<u64, E> {
        u64::try_from(value).map_err(|_| E::custom("a Discord id is never negative"))
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<u64, E> {
        value.parse().map_err(|_| E::custom("a Discord id holds digits only"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_strings_and_numbers_and_written_as_strings() {
        let ids: Vec<UserId> = serde_json::from_str(r#"["80351110224678912", 7]"#).unwrap();
        assert_eq!(ids, [UserId(80_351_110_224_678_912), UserId(7)]);
        assert_eq!(serde_json::to_string(&ids).unwrap(), r#"["80351110224678912","7"]"#);
        assert!(serde_json::from_str::<UserId>(r#""12x""#).is_err());
        assert!(serde_json::from_str::<UserId>("-3").is_err());
    }

    #[test]
    fn a_message_id_tells_when_it_was_made() {
        // The example of Discord's own documentation.
        assert_eq!(MessageId(175_928_847_299_117_063).created_millis(), 1_462_015_105_796);
        let first = MessageId::first_of(Timestamp::from_millis(1_462_015_105_796));
        assert_eq!(first, MessageId(175_928_847_299_117_063 >> 22 << 22));
        assert_eq!(MessageId::first_of(Timestamp(0)), MessageId(0), "before Discord there was nothing");
    }
}
