/** @param rate a second. @returns `, 38 s left`; nothing where it cannot be told. */
export function timeLeft(remaining: number, rate: number): string {
  return rate > 0 && remaining > 0 ? `, ${duration(remaining / rate)} left` : ''
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
