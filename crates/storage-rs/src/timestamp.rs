//! A moment, as the service writes it.

supabase_core::timestamp_type!("storage_rs");
