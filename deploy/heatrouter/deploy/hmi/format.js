// Numbers and times for people.

const UNITS = { degC: '°C', 1: '%', K: 'K', 'W/m2': 'W/m²', 'eur/MWh': '€/MWh', 'eur/t': '€/t' };

const QUANTITIES = {
  supply_temp_c: 'supply', return_temp_c: 'return', mass_flow_kg_s: 'flow', load_kw: 'load', worst_dp_bar: 'worst Δp',
  pump_power_kw: 'pumps', heat_kw: 'heat', cooling_kw: 'cooling', available_kw: 'available', power_kw: 'power', limit_kw: 'limit',
  generated_kw: 'generated', charge_kw: 'charge', level: 'level', fill_level: 'level', top_temp_c: 'top', middle_temp_c: 'middle',
  bottom_temp_c: 'bottom', room_temp_c: 'room', air_temp_c: 'air', air_mean_24h_c: 'air, 24 h mean', ambient_temp_c: 'outdoors',
  irradiance_w_m2: 'sun', electricity_eur_per_mwh: 'electricity', gas_eur_per_mwh: 'gas', co2_eur_per_t: 'CO₂ price',
  carbon_intensity_g_per_kwh: 'CO₂ of electricity', outlet_temp_c: 'outlet', recovery_share: 'recovery', load_share: 'load',
  offset_k: 'offset', supply_offset_k: 'supply offset', price_empty_eur_per_mwh: 'price of heat when empty',
  price_full_eur_per_mwh: 'price of heat when full', target_level: 'target level',
};

/** Names of faults in a text as words: 'WORKER_DEAD' as 'worker dead'. */
export const spoken = (text) => text.replace(/\b[A-Z]+(?:_[A-Z]+)+\b/g, (name) => name.replaceAll('_', ' ').toLowerCase());

export const words = (name) => name.replaceAll('_', ' ');

/** 'tank.top_temp_c' as 'tank top'; quantity alone where the unit is clear. */
export function quantity(name) {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return QUANTITIES[last] ?? words(last.replace(/_(c|k|kw|kwh|kg_s|bar|share)$/, ''));
}

export function fullName(name) {
  const dot = name.lastIndexOf('.');
  const head = words(name.slice(0, dot));
  const what = quantity(name);
  if (head === 'site') return what;
  return head.endsWith(what) ? head : `${head} ${what}`;
}

export function unitOf(unit) {
  return UNITS[unit] ?? unit;
}

export function number(value, unit) {
  if (value === null || value === undefined) return '–';
  const scaled = unit === '1' ? 100 * value : value;
  const size = Math.abs(scaled);
  if (size < 0.005) return '0';
  const digits = unit === 'degC' || unit === 'K' ? 1 : unit === '1' ? 0 : size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return scaled.toFixed(digits).replace(/^-(0(?:\.0+)?)$/, '$1').replace('-', '−');
}

export function withUnit(value, unit) {
  if (value === null || value === undefined) return '–';
  if (unit === 'kW' && Math.abs(value) >= 999.5) return `${(value / 1000).toFixed(2).replace('-', '−')} MW`;
  return `${number(value, unit)} ${unitOf(unit)}`;
}

export function moment(posixS) {
  if (posixS === null || posixS === undefined) return '';
  const at = new Date(1000 * posixS);
  const pad = (n) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${(s / 3600).toFixed(1)} h`;
  return `${(s / 86400).toFixed(1)} d`;
}

/** The plant's own clock: a day and a time of day; a virtual plant counts from its start. */
export function plantTime(seconds) {
  if (seconds === null || seconds === undefined) return 'unknown';
  if (seconds > 1e9) return moment(seconds);
  const pad = (n) => String(n).padStart(2, '0');
  const s = Math.floor(seconds);
  return `day ${Math.floor(s / 86400)} ${pad(Math.floor(s / 3600) % 24)}:${pad(Math.floor(s / 60) % 60)}`;
}
