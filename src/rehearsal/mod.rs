//! The rehearsal: a whole small Discord of one's own, on loopback, for trying a policy, training staff before
//! going live, and testing.
//!
//! * [`platform`]: the server; it knows nothing of the bot and shares no code with it, so that the two cannot agree
//!   on the same mistake.
//! * [`script`]: an evening as a text file: people, spaces, a timeline, expectations.
//! * [`mailbox`]: where e-mail pages arrive.
//! * [`player`]: plays a script on the platform, tells what happens, and checks what was expected.
//! * [`room`]: a web page in which people take part and trainers look over their shoulders.
//!
//! They are joined in this order; everything shares one manual clock:
//!
//! ```text
//! Script::read ─► Clock::manual(script.start) ─► Mailbox::open, Room::new(script.zone)
//!   ─► Platform::start_with(options, |handle| room.routes(handle)) ─► Stage::set(&platform, &script)
//!   ─► the bot, configured with stage.guild, stage.leads(&script), mailbox.address() ─► impl player::Bot
//!   ─► Narrator::new(…).also(room.listener()) ─► Player::new(Parts { … }) ─► play() ─► Report; stay_open()
//! ```

pub mod mailbox;
pub mod platform;
pub mod player;
pub mod room;
pub mod script;
