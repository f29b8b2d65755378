//! How a code reaches a phone.

use supabase_core::open_enum;

open_enum! {
    /// How a code reaches a phone. The enum is open.
    pub enum Channel {
        /// By SMS.
        Sms = "sms",
        /// By WhatsApp, where the project's provider of messages can.
        WhatsApp = "whatsapp",
    }
}
