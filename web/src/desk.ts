import './desk/app.ts';
export * from './desk/kit.ts';
