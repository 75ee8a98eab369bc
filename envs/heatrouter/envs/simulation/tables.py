"""Columns of the tables that the kernel works on.

Every kind of thing has one row per unit and a table of indices, one of data, one of state and one
of work. A table costs the compiler one array where fields of their own would cost dozens, and a
unit's numbers lie side by side in memory. Units are SI: W, J, kg, kg/s, Pa, s; temperatures are in
degC.

Prefixes: P producers (everything that heats network water), C consumers (everything that cools it),
S stores, K cooling loads, D digesters, R circuits; then I indices, F data, X state, W work.
"""

# --- producers ---
SOURCE, SOLAR, HEAT_PUMP, BOILER, CHP, LINK = range(6)
"""Kinds of producers."""

PI_KIND, PI_IN, PI_OUT, PI_CIRCUIT = range(4)  # inlet and outlet are nodes
PI_FEEDS = 4  # 1 where it lifts return water to the supply, so that the flow balance counts it
PI_AT_ROOT = 5
PI_SET_POINT, PI_LEVEL, PI_COLUMN = range(6, 9)
PI_COOLING, PI_PRIMARY, PI_FUEL = range(9, 12)  # cooling load, consumer entry, digester; or -1
PI_SWITCHED = 12  # 1 where it jumps between off and its least load
PI_BALANCES = 13
PI_MEDIUM = 14  # heat pumps: 0 cooling load, 1 another circuit, 2 air, 3 ground
PI_BESIDE = 15  # pipe that lies beside a unit which lifts no return water to the supply, or -1
PI_BESIDE_SIGN = 16  # 1 where that pipe points from inlet to outlet, else -1
PI_ORIGIN = 17  # origin of the heat that it adds, -1 where another circuit's water brings it
PI_AVAILABILITY, PI_CLEANNESS = 18, 19  # series of faults, or -1
PI_FIELDS = 20

PF_CAPACITY, PF_MAX_FLOW, PF_MAX_OUTLET, PF_RAMP, PF_MIN_LOAD, PF_MIN_RUN = range(6)
PF_STREAM_TEMP, PF_STREAM_CAPACITY, PF_MIN_EXHAUST, PF_REFERENCE, PF_UA, PF_SINK = range(6, 12)
PF_EFFICIENCY, PF_MAX_COP, PF_SOURCE_SPREAD, PF_SOURCE_MIN = range(12, 16)
PF_ETA_35, PF_ETA_60, PF_STANDBY, PF_ELECTRIC = range(16, 20)  # last: 1 for an electrode boiler
PF_THERMAL, PF_ETA_EL, PF_ETA_EL_MIN = range(20, 23)
PF_AREA, PF_ETA_0, PF_A1, PF_A2, PF_PLANE = range(23, 28)
PF_COOLER = 28  # six columns of a dry cooler, see COOLER_*
PF_FIELDS = 34

COOLER_CAPACITY, COOLER_AIR, COOLER_IN, COOLER_OUT, COOLER_FAN, COOLER_FITTED = range(6)

PX_SHARE, PX_HEAT, PX_TEMP, PX_BALANCING, PX_BALANCING_S, PX_FLOW = range(6)
PX_FIELDS = 6  # the shares of origins follow

PW_OFFER_FLOW, PW_OFFER_HEAT, PW_FLOW, PW_HEAT, PW_LIMIT = range(5)
PW_COP, PW_ETA, PW_PUMPING, PW_LEVEL, PW_SOURCE_TEMP, PW_AVAILABLE = range(5, 11)
PW_POWER = 11  # electricity that becomes heat in the unit
PW_FIELDS = 12

# --- consumers ---
SUBSTATION, PROCESS, FAB, BATCH, GREENHOUSE, EXCHANGER, EVAPORATOR = range(7)
"""Kinds of consumers; the last two are the primary sides of links and of heat pumps."""

CI_KIND, CI_LOCATION, CI_CIRCUIT, CI_COLUMN = range(4)
CI_LEVEL, CI_HOT_WATER, CI_SET_POINT, CI_PRODUCER = range(4, 8)
CI_CLEANNESS = 8  # series of a fault, or -1
CI_FIELDS = 9

CF_DESIGN_HEAT, CF_PRIMARY, CF_SECONDARY, CF_SUPPLY, CF_RETURN, CF_UA, CF_MAX_FLOW = range(7)
CF_HOT_PRIMARY, CF_HOT_SECONDARY, CF_HOT_UA, CF_HOT_MAX, CF_HOT_IN, CF_HOT_OUT = range(7, 13)
CF_HOT_HEAT, CF_BYPASS_TEMP, CF_BYPASS_FLOW = range(13, 16)
CF_SET_TEMP, CF_SETBACK, CF_LOSS, CF_CAPACITY, CF_GAINS, CF_SOLAR, CF_CURVE_END = range(16, 23)
CF_BASE, CF_PER_KELVIN, CF_WEATHER_END = range(23, 26)
CF_AIR_FLOW, CF_AIR_TEMP, CF_WATER_FLOW, CF_WATER_TEMP = range(26, 30)
CF_NIGHT_TEMP, CF_SCREEN, CF_VENT_ABOVE, CF_VENT_MAX = range(30, 34)
CF_CROP_MIN, CF_CROP_MAX, CF_MEAN_MIN, CF_MEAN_MAX = range(34, 38)
CF_COVER_RATIO, CF_COVER_CAPACITY, CF_LEAKAGE, CF_TRANSPIRATION = range(38, 42)
CF_LAMPS, CF_LAMP_START, CF_LAMP_END, CF_LAMP_BELOW, CF_LAMP_HEAT = range(42, 47)
CF_CHARGE_HEAT, CF_DURATION, CF_INTERVAL, CF_SLACK = range(47, 51)
CF_START_TEMP, CF_TARGET_TEMP, CF_APPROACH, CF_FUEL_ETA = range(51, 55)
CF_FLOOR = 55  # floor area of a greenhouse, m2
CF_HOT_SCALE = 56  # W of hot water per unit of its series
CF_FIELDS = 57

CX_GUESS, CX_HOT_GUESS, CX_OWED, CX_HOT_OWED = range(4)
CX_TEMP, CX_COVER, CX_MEAN = range(4, 7)  # room or air, cover, 24 h mean
CX_NEXT_DUE, CX_WAITING, CX_OLDEST, CX_RUN_LEFT = range(7, 11)
CX_FIELDS = 11

CW_REQUEST, CW_HOT_REQUEST, CW_USEFUL = range(3)
CW_FLOW, CW_HOT_FLOW, CW_BYPASS = range(3, 6)
CW_INLET, CW_SECONDARY, CW_TERM, CW_HOT_TERM = range(6, 10)
CW_DELIVERED, CW_BACK = range(10, 12)
CW_RUNNING, CW_STARTED, CW_LATE = range(12, 15)  # share of the step, charges, s
CW_HOT_DELIVERED = 15
CW_CLEAN = 16  # UA over clean UA
CW_FIELDS = 17

# --- stores ---
SI_LOCATION, SI_CIRCUIT, SI_LAYERS, SI_COLUMN, SI_SET_POINT, SI_PCM, SI_AT_ROOT = range(7)
SI_FIELDS = 7
SF_LAYER_MASS, SF_LAYER_LOSS, SF_CONDUCTANCE, SF_MAX_FLOW, SF_FULL, SF_EMPTY = range(6)
SF_PCM_MASS, SF_TRANSFER = range(6, 8)
# in the order of PcmMaterial
SF_MELTING, SF_RANGE, SF_LATENT, SF_CP_SOLID, SF_CP_LIQUID, SF_SUPERCOOLING = range(8, 14)
SF_PCM_EMPTY, SF_PCM_FULL = range(14, 16)  # J in all capsules at the empty and full temperature
SF_FIELDS = 16
SX_TEMP, SX_ENTHALPY, SX_MOLTEN = range(3)
SX_FIELDS = 3  # the shares of origins follow
SW_FLOW, SW_PUMPING = range(2)
SW_FIELDS = 2

# --- cooling loads ---
KI_LEVEL, KI_COLUMN = range(2)
KI_FIELDS = 2
KF_PEAK, KF_IN, KF_OUT, KF_RATIO = range(4)
KF_COOLER = 4
KF_FIELDS = 10
KW_LOAD, KW_RESERVED, KW_EVAPORATED = range(3)
KW_FIELDS = 3

# --- digesters ---
DI_LEVEL, DI_COLUMN = range(2)
DI_FIELDS = 2
DF_PEAK, DF_CAPACITY = range(2)
DF_FIELDS = 2
DW_LEFT, DW_TAKEN = range(2)  # W that this sub-step can still give, W taken
DW_FIELDS = 2

# --- circuits ---
RI_ROOT, RI_SET_POINT, RI_COLUMN, RI_STORE, RI_STORE_RANK = range(5)
RI_PUMP = 5  # series of a fault, or -1
RI_FIELDS = 6
RF_EFFICIENCY, RF_SUPPLY_MIN, RF_SUPPLY_MAX, RF_RAMP, RF_DENSITY, RF_CP = range(6)
RF_FIELDS = 6
RW_CONSUMPTION, RW_UNHEATED, RW_SET, RW_LOST, RW_LOAD, RW_PUMPING = range(6)
RW_FIELDS = 6
