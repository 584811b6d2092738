//! The numbers of the LAN parameters, table 23-4.

/// A LAN parameter's number. 192 to 255 are manufacturers'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanSelector(pub u8);

macro_rules! selectors {
    ($( $name:ident = $number:literal, $parameter:ident; )+) => {
        impl LanSelector {
            $(
                #[doc = concat!("[`LanParameter::", stringify!($parameter), "`](super::LanParameter::", stringify!($parameter), ").")]
                pub const $name: Self = Self($number);
            )+
        }
    };
}

selectors! {
    SET_IN_PROGRESS = 0, SetInProgress;
    AUTH_SUPPORT = 1, AuthSupport;
    AUTH_ENABLES = 2, AuthEnables;
    ADDRESS = 3, Address;
    ADDRESS_SOURCE = 4, AddressSource;
    MAC = 5, Mac;
    SUBNET_MASK = 6, SubnetMask;
    IPV4_HEADER = 7, Ipv4Header;
    PRIMARY_PORT = 8, PrimaryPort;
    SECONDARY_PORT = 9, SecondaryPort;
    ARP_CONTROL = 10, ArpControl;
    ARP_INTERVAL = 11, ArpInterval;
    GATEWAY = 12, Gateway;
    GATEWAY_MAC = 13, GatewayMac;
    BACKUP_GATEWAY = 14, BackupGateway;
    BACKUP_GATEWAY_MAC = 15, BackupGatewayMac;
    COMMUNITY = 16, Community;
    DESTINATION_COUNT = 17, DestinationCount;
    DESTINATION_TYPE = 18, DestinationType;
    DESTINATION_ADDRESS = 19, DestinationAddress;
    VLAN_ID = 20, VlanId;
    VLAN_PRIORITY = 21, VlanPriority;
    CIPHER_SUITE_COUNT = 22, CipherSuiteCount;
    CIPHER_SUITES = 23, CipherSuites;
    CIPHER_SUITE_PRIVILEGES = 24, CipherSuitePrivileges;
    DESTINATION_VLAN = 25, DestinationVlan;
    BAD_PASSWORD_THRESHOLD = 26, BadPasswordThreshold;
}
