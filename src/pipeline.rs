//! One ordered actor per organisation; one committer for all.
