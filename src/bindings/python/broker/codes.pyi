import enum

# Members are in the classes below it.
class Code(enum.Enum):  # type: ignore[misc]
    def __int__(self) -> int: ...
    def __index__(self) -> int: ...

class ErrorCode(Code):  # type: ignore[misc]
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class EC(ErrorCode):
    Unspecified = 1
    PeerIncompatible = 2
    PeerInvalid = 3
    PeerUnavailable = 4
    PeerDisconnectDuringHandshake = 5
    PeerTimeout = 6
    MasterExists = 7
    NoSuchMaster = 8
    NoSuchKey = 9
    RequestTimeOut = 10
    TypeClash = 11
    InvalidData = 12
    BackendFailure = 13
    StaleData = 14
    CannotOpenFile = 15
    CannotWriteFile = 16
    InvalidTopicKey = 17
    EndOfFile = 18
    InvalidTag = 19
    InvalidMessage = 20
    InvalidStatus = 21
    ConversionFailed = 22
    ConsumerExists = 23
    ConnectionTimeout = 24
    BadMemberFunctionCall = 25
    RepeatedRequestId = 26
    BrokenClone = 27
    ShuttingDown = 28
    InvalidPeeringRequest = 29
    RepeatedPeeringHandshakeRequest = 30
    UnexpectedHandshakeMessage = 31
    InvalidHandshakeState = 32
    NoPathToPeer = 33
    NoConnectorAvailable = 34
    CannotOpenResource = 35
    SerializationFailed = 36
    DeserializationFailed = 37
    WrongMagicNumber = 38
    RedundantConnection = 39
    LogicError = 40
    InvalidJson = 41

class SC(Code):
    Unspecified = 0
    PeerAdded = 1
    PeerRemoved = 2
    PeerLost = 3
    EndpointDiscovered = 4
    EndpointUnreachable = 5

class PeerStatus(Code):
    Initialized = 0
    Connecting = 1
    Connected = 2
    Peered = 3
    Disconnected = 4
    Reconnecting = 5
    Unknown = 6

class Type(Code):
    Nil = 0
    Boolean = 1
    Count = 2
    Integer = 3
    Real = 4
    String = 5
    Address = 6
    Subnet = 7
    Port = 8
    Timestamp = 9
    Timespan = 10
    EnumValue = 11
    Set = 12
    Table = 13
    Vector = 14

class Protocol(Code):
    Unknown = 0
    TCP = 1
    UDP = 2
    ICMP = 3

class Family(Code):
    IPv4 = 0
    IPv6 = 1

class Backend(Code):
    Memory = 0
    SQLite = 1
    RocksDB = 2
    Fjall = 3

class Frontend(Code):
    Master = 0
    Clone = 1

class APIFlags(Code):
    Blocking = 0
    NonBlocking = 1

class StoreError(RuntimeError):
    def __init__(self, code: EC, words: str) -> None: ...
    def code(self) -> EC: ...

class PeerFlags(enum.Flag):
    Invalid = 0
    Local = 1
    Remote = 2
    Outbound = 4
    Inbound = 8
    def __int__(self) -> int: ...
