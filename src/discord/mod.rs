//! Discord's wire: socket, decoding, REST, containment, interactions.
