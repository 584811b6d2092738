//! To come with boot overrides.
