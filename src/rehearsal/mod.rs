//! The rehearsal: a whole small Discord of one's own, on loopback, for trying a policy, training staff before
//! going live, and testing.
//!
//! * [`platform`]: the server; it knows nothing of the bot and shares no code with it, so that the two cannot agree
//!   on the same mistake.
//! * [`script`]: an evening as a text file: people, spaces, a timeline, expectations.
//! * [`mailbox`]: where e-mail pages arrive.
//! * [`player`]: plays a script on the platform, tells what happens, and checks what was expected.
//! * [`room`]: a web page in which people take part and trainers look over their shoulders.

pub mod mailbox;
pub mod platform;
pub mod player;
pub mod room;
pub mod script;
