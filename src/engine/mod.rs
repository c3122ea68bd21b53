//! Organisation state × event × now → assessment (pure).
