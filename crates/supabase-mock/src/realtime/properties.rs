//! Properties of the codec.
