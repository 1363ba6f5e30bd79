export function gzip(code: string): Promise<Uint8Array>;
export function base91(bytes: Uint8Array): string;
