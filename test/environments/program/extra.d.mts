export declare function cube(n: number): number;
