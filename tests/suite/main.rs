//! The one integration-test binary: stories, contracts and the architecture, a file each.

mod openapi; // every REST exchange, checked against Discord's own description of its API
mod platform; // the rehearsal platform, driven by twilight's socket and serenity's types
