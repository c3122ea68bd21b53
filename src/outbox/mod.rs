//! Every outside effect leaves through here.
