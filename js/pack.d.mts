export function gzip(code: string): Promise<Uint8Array>;
export function base85(bytes: Uint8Array): string;
