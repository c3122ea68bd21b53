//! The words of the field (pure): people, spaces, events, observations, concerns, cases and effects, as a
//! safeguarding lead would name them. Everything here is data and small total functions; nothing waits.

pub mod act;
pub mod case;
pub mod code;
pub mod concern;
pub mod docket;
pub mod effect;
pub mod event;
pub mod fact;
pub mod ids;
pub mod observation;
pub mod person;
pub mod register;
pub mod report;
pub mod retention;
pub mod space;
pub mod timestamp;
pub mod who_may_know;
pub mod zone;

pub use case::{Case, CaseRef, CaseState};
pub use code::Code;
pub use concern::{Category, Concern, ConcernKey, Family, Level};
pub use effect::Effect;
pub use event::{Event, Heard};
pub use fact::Fact;
pub use ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
pub use observation::{Observation, Quote};
pub use person::{Kind, Person, Roster};
pub use register::Register;
pub use report::ReportRef;
pub use space::{Space, SpaceKind};
pub use timestamp::Timestamp;
